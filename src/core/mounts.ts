import { readFile } from 'node:fs/promises';
import { systemCodeOf } from './errors.ts';

/** The folders that something is mounted on; empty where the system does not tell. */
export async function mountPoints(): Promise<string[]> {
  let text: string;
  try {
    text = await readFile('/proc/self/mountinfo', 'utf8');
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return [];
    throw error;
  }
  const places = text.split('\n').flatMap((line) => line.split(' ')[4] ?? []);
  // The kernel writes blanks and the like as three octal digits.
  return places.map((place) =>
    place.replaceAll(/\\([0-7]{3})/g, (_, digits: string) => String.fromCodePoint(Number.parseInt(digits, 8))),
  );
}
