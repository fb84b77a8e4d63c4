import { postgresAsset } from './copy.ts';

/** A program for tests: starts the copy that its arguments name to stay, prints where it is, and ends. */
const [url, path, facts] = process.argv.slice(2) as [string, string, string];
const copy = await postgresAsset({ url }).start(path, {
  facts: JSON.parse(facts) as Record<string, unknown>,
  stay: true,
});
process.stdout.write(JSON.stringify({ url: copy.url, pid: copy.pid }));
