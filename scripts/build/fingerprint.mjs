import { createHash } from 'node:crypto';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/**
 * What the program is made of: names, sizes and times of its sources and of the list of packages, as 16 hexadecimal digits. Another
 * one than that of a built program means that somebody has edited since. Undefined where there are no sources. Takes ten
 * milliseconds, because every start of a checkout asks.
 */
export function fingerprintOf(home) {
  const hash = createHash('sha256');
  const add = (path) => {
    const { size, mtimeMs } = statSync(path);
    hash.update(`${path} ${size} ${mtimeMs}\n`);
  };
  try {
    add(join(home, 'package-lock.json'));
    for (const name of readdirSync(join(home, 'scripts', 'build'))) add(join(home, 'scripts', 'build', name));
    for (const path of sourcesIn(join(home, 'src'))) add(path);
  } catch {
    // A package without its sources, or one that changes this moment.
    return undefined;
  }
  return hash.digest('hex').slice(0, 16);
}

function sourcesIn(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    // What runs in a browser is built apart.
    if (entry.isDirectory() && ['testing', 'ui'].includes(entry.name)) return [];
    if (entry.isDirectory()) return sourcesIn(path);
    return entry.name.endsWith('.ts') && !entry.name.includes('.test.') ? [path] : [];
  });
}
