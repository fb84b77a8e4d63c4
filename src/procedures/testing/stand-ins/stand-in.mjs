// Stand-ins for tools that need a cluster or a cloud: they keep their world in a file and speak the JSON that the tools document. They prove calls and
// how answers are read, and never that anything was really made.
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = process.env['LIFEBOAT_STAND_IN'] ?? '';
const worldFile = join(folder, 'world.json');

export const words = process.argv.slice(2);
export const flag = (name) => words.find((word) => word.startsWith(`--${name}=`))?.slice(name.length + 3);
export const world = existsSync(worldFile) ? JSON.parse(readFileSync(worldFile, 'utf8')) : {};
export const keep = () => writeFileSync(worldFile, JSON.stringify(world));

/** Each call, for tests to read. */
export const note = (program, more = {}) =>
  appendFileSync(join(folder, 'calls'), `${JSON.stringify({ program, words, ...more })}\n`);

export function fail(text, exitCode = 1) {
  process.stderr.write(`${text}\n`);
  process.exit(exitCode);
}

export const say = (value) => process.stdout.write(typeof value === 'string' ? value : JSON.stringify(value));
