import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { frame, LivePlace, passphrase } from './testing/live-place.ts';

const plan = (more: string): string =>
  `${frame}assets: { docs: { type: files, path: ./docs, domain: here, policy: daily } }\n${more}\n`;

describe('check --live: secrets', () => {
  let place: LivePlace;
  beforeEach(async () => {
    place = await LivePlace.make(plan(''));
    await place.makeFolder('docs');
    await place.makeStore('near');
  });
  afterEach(() => place.remove());

  const secrets = async (more: string): Promise<string[]> => {
    await place.write(plan(more));
    return (await place.codes()).filter((line) => line.endsWith('live.secret'));
  };

  it('live.secret: a variable that is not set, at every place that needs it', async () => {
    delete process.env[passphrase.variable];
    expect(await place.codes()).toEqual(['4 live.secret', '5 live.key']);
  });

  it('live.secret: a file that is not there, or empty', async () => {
    await writeFile(place.path('empty'), '');
    const channel = (file: string): string => `channels: { ops: { type: slack, url: { file: ${place.path(file)} } } }`;
    expect(await secrets(channel('missing'))).toEqual(['8 live.secret']);
    expect(await secrets(channel('empty'))).toEqual(['8 live.secret']);
    await writeFile(place.path('there'), 'http://127.0.0.1/hook');
    expect(await secrets(channel('there'))).toEqual([]);
  });

  it('live.secret: a program that fails, whose words are not repeated where they hold a secret', async () => {
    const channel = (words: string): string => `channels: { ops: { type: slack, url: { exec: [${words}] } } }`;
    expect(await secrets(channel('sh, -c, "exit 3"'))).toEqual(['8 live.secret']);
    expect(await secrets(channel('echo, "http://127.0.0.1/hook"'))).toEqual([]);
    await place.write(plan(channel(`sh, -c, "echo ${passphrase.words} >&2; exit 3"`)));
    const findings = JSON.stringify(await place.check());
    expect(findings).toContain('exit code 3');
    expect(findings).not.toContain(passphrase.words);
  });

  it('never takes the command of a step for a program that gives a secret', async () => {
    await place.write(
      plan(`scenarios: { gone: { loses: { domains: [here] }, steps: [{ exec: [touch, ${place.path('acted')}] }] } }`),
    );
    await place.check();
    expect(existsSync(place.path('acted'))).toBe(false);
  });

  it('reads what a step gives its program', async () => {
    const step = (variable: string): string =>
      `scenarios: { gone: { loses: { domains: [here] }, steps: [{ exec: { run: [ls], env: { TOKEN: { env: ${variable} } } } }] } }`;
    expect(await secrets(step('LB_LIVE_UNSET'))).toEqual(['8 live.secret']);
    expect(await secrets(step(passphrase.variable))).toEqual([]);
  });
});
