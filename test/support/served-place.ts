import { mkdir, writeFile } from 'node:fs/promises';
import { makeStore } from '../../src/operations/testing/workspace.ts';
import { Place } from './lifeboat.ts';

/** A folder, copied to a second store, with a turn each second. */
export const planOf = (more = '', assets = ''): string => `
lifeboat: 1
plan: served
domains: { safe: {}, here: {}, there: {} }
keys: { main: { passphrase: { env: LB_TEST_PASS }, domain: safe } }
stores:
  near: { type: fs, path: ./near, domain: safe }
  far: { type: fs, path: ./far, domain: there }
policies: { often: { every: 1s, to: [near], copy: { to: [far], within: 10m } } }
assets:
  docs: { type: files, path: ./docs, domain: here, policy: often }
${assets}
${more}
`;

/** The plan beside its folder and its first store, which a cheap key opens. */
export async function servedPlace(): Promise<Place> {
  process.env['LB_TEST_PASS'] = 'a passphrase for tests';
  const place = await Place.make(planOf());
  // The empty place becomes a store of the same repository with the first copy.
  for (const folder of ['docs', 'far']) await mkdir(place.path(folder));
  await writeFile(place.path('docs', 'a.txt'), 'first');
  await makeStore(place.path('near'));
  return place;
}

export const valueOf = (metrics: string, name: string): number =>
  Number(
    metrics
      .split('\n')
      .find((line) => line.startsWith(name))
      ?.split(' ')
      .at(-1),
  );
