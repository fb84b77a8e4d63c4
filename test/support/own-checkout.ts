import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const home = resolve(import.meta.dirname, '..', '..');

/** A checkout of a program of one's own, which is started and built as ours is. */
export class OwnCheckout {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
    mkdirSync(join(folder, 'src/cli'), { recursive: true });
    copyLauncher(folder);
    symlinkSync(join(home, 'node_modules'), join(folder, 'node_modules'));
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
    writeFileSync(join(folder, 'package-lock.json'), '{}');
  }

  /** Says the word, and whether it was built; with a word on the command line it waits for its input to end and says another from a part that it loads then. */
  edit(word: string): void {
    writeFileSync(join(this.folder, 'src/cli/late.ts'), `export const late = '${word} late';`);
    writeFileSync(
      join(this.folder, 'src/cli/main.ts'),
      `export const main = async (words: string[]) => {
        console.log('${word}', import.meta.url.includes('/dist/program/'));
        if (words.length === 0) return 0;
        for await (const _ of process.stdin) {}
        console.log((await import('./late.ts')).late);
        return 0;
      };`,
    );
  }

  said(): string {
    return spawnSync(join(this.folder, 'bin', 'lifeboat'), [], { encoding: 'utf8' }).stdout;
  }

  startWaiting(): ChildProcess {
    return spawn(join(this.folder, 'bin', 'lifeboat'), ['wait'], { stdio: ['pipe', 'pipe', 'inherit'] });
  }

  build(): { status: number | null; stderr: string } {
    const { status, stderr } = spawnSync(process.execPath, [this.#builder], { encoding: 'utf8' });
    return { status, stderr };
  }

  startBuild(): ChildProcess {
    return spawn(process.execPath, [this.#builder], { stdio: 'inherit' });
  }

  /** Folders of programs, and everything in them is two hours old from now on. */
  agedPrograms(): string[] {
    const programs = join(this.folder, 'dist', 'program');
    const found = readdirSync(programs).map((name) => join(programs, name));
    const old = Date.now() / 1000 - 7200;
    for (const path of found) utimesSync(path, old, old);
    return found;
  }

  get #builder(): string {
    return join(this.folder, 'scripts/build/program.mjs');
  }
}

export function copyLauncher(to: string): void {
  mkdirSync(join(to, 'bin'), { recursive: true });
  cpSync(join(home, 'bin', 'lifeboat'), join(to, 'bin', 'lifeboat'));
  cpSync(join(home, 'scripts', 'build'), join(to, 'scripts', 'build'), { recursive: true });
}
