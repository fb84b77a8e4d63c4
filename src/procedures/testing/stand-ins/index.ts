import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface StandIns {
  /** What they think is there; may be set before a call. */
  world(change?: Record<string, unknown>): Record<string, unknown>;
  /** What was called, in order. */
  calls(): { program: string; words: string[]; piped?: string }[];
  /** Says so in front of all that is found by name, until it is taken back. */
  readonly environment: { readonly PATH: string; readonly LIFEBOAT_STAND_IN: string };
}

/** Programs that stand in for kubectl, helm and eksctl, in a folder of their own. */
export function makeStandIns(folder: string): StandIns {
  mkdirSync(join(folder, 'bin'), { recursive: true });
  const here = fileURLToPath(new URL('.', import.meta.url));
  copyFileSync(join(here, 'stand-in.mjs'), join(folder, 'bin', 'stand-in.mjs'));
  for (const name of ['kubectl', 'helm', 'eksctl']) {
    const file = join(folder, 'bin', name);
    // A program without an ending is no module by itself.
    writeFileSync(
      file,
      `#!/bin/sh\nLIFEBOAT_STAND_IN='${folder}' exec node '${join(folder, 'bin', `${name}.mjs`)}' "$@"\n`,
    );
    chmodSync(file, 0o755);
    copyFileSync(join(here, `${name}.mjs`), `${file}.mjs`);
  }
  const read = (name: string): string =>
    existsSync(join(folder, name)) ? readFileSync(join(folder, name), 'utf8') : '';
  const world: StandIns['world'] = (change) => {
    const now = JSON.parse(read('world.json') || '{}') as Record<string, unknown>;
    if (change !== undefined) writeFileSync(join(folder, 'world.json'), JSON.stringify({ ...now, ...change }));
    return { ...now, ...change };
  };
  const calls: StandIns['calls'] = () =>
    read('calls')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as ReturnType<StandIns['calls']>[0]);
  const PATH = [join(folder, 'bin'), process.env['PATH']].join(delimiter);
  return { world, calls, environment: { PATH, LIFEBOAT_STAND_IN: folder } };
}
