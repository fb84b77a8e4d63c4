import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';

/**
 * What the web interface is made of, as 16 hexadecimal digits: by content, because a checkout that was cloned or copied has other times and the
 * same interface. Undefined where there are no sources. Takes ten milliseconds, because every set-up asks.
 */
export function webFingerprintOf(home) {
  const hash = createHash('sha256');
  try {
    const { packages } = JSON.parse(readFileSync(join(home, 'package-lock.json'), 'utf8'));
    for (const name of ['react', 'react-dom', 'vite', '@tanstack/react-query'])
      hash.update(`${name} ${packages[`node_modules/${name}`]?.version}\n`);
    const files = [
      'scripts/build/web.mjs',
      'src/web/ui',
      'src/api/contract',
      'src/api/client.ts',
      'src/api/client-events.ts',
      'src/core/in-words.ts',
    ];
    for (const path of files.flatMap((name) => filesIn(join(home, name)))) {
      hash.update(`${relative(home, path)}\n`);
      hash.update(readFileSync(path));
    }
  } catch {
    // A package without its sources.
    return undefined;
  }
  return hash.digest('hex').slice(0, 16);
}

/** Of what the built one was made; undefined: there is none. */
export function madeOfNow(home) {
  try {
    return JSON.parse(readFileSync(join(home, 'dist', 'web', 'files.json'), 'utf8')).madeOf;
  } catch {
    // None yet.
    return undefined;
  }
}

/** All files below a folder, in order; a file is its own list. */
export function filesIn(path) {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path)
    .sort()
    .flatMap((name) => filesIn(join(path, name)));
}
