import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe } from 'vitest';
import { engineSuite } from '../engine.suite.ts';
import { newFolder, restateGround } from '../testing/ground.ts';
import { identityIn, noRestate, RestateServer } from '../testing/restate-server.ts';
import { sitesSuite } from './sites.suite.ts';
import { trapsSuite } from './traps.suite.ts';

describe.skipIf(noRestate !== undefined)(`with Restate${noRestate === undefined ? '' : `: ${noRestate}`}`, () => {
  const folder = newFolder();
  let server: RestateServer;
  let identity: ReturnType<typeof identityIn>;
  beforeAll(async () => {
    identity = identityIn(folder);
    server = await RestateServer.start(folder, { identityKeyFile: identity.file });
  });
  afterAll(async () => {
    await server?.kill();
    rmSync(folder, { recursive: true, force: true });
  });

  engineSuite('restate', () => restateGround(server));
  trapsSuite(() => ({ server, publicKey: identity.publicKey }));
  sitesSuite(() => server);
});
