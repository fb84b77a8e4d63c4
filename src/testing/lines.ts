import { existsSync, readFileSync } from 'node:fs';

/**
 * The whole lines of a file that another process may be writing: none where there is no file yet or only an empty one, and not the line that is
 * under way.
 */
export const linesIn = (file: string): string[] =>
  existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : [];
