import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, resolve } from 'node:path';

export const home = resolve(import.meta.dirname, '../..');

export interface SourceFile {
  /** From the root of the checkout: `src/core/clock.ts`. */
  readonly path: string;
  readonly text: string;
  /** The first folder under `src`: `core`. */
  readonly room: string;
  readonly isTest: boolean;
  readonly imports: readonly Import[];
}

export interface Import {
  readonly path: string;
  readonly kind: 'static' | 'type' | 'dynamic';
}

/** Every text file that is part of the product: committed, or new and not ignored. */
export function productFiles(): { path: string; text: string }[] {
  const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
    cwd: home,
    encoding: 'utf8',
  });
  return listed
    .split('\n')
    .filter((path) => path !== '' && existsSync(join(home, path)))
    .map((path) => ({ path, text: readFileSync(join(home, path), 'utf8') }))
    .filter(({ text }) => !text.includes('\0'));
}

/** The text without comments, roughly: good enough to look for calls, not to run. */
export const codeOf = (text: string): string => text.replaceAll(/\/\*[\s\S]*?\*\/|(?<![:'"`])\/\/.*$/gm, '');

function readSource(path: string): SourceFile {
  const text = readFileSync(join(home, path), 'utf8');
  return {
    path,
    text,
    room: path.split('/')[1] as string,
    isTest: /\.test\.ts$|\.suite\.ts$|\/testing\//.test(path),
    imports: importsOf(path, codeOf(text)),
  };
}

const statement = /^\s*(?:import|export)\s+(type\s)?(?:[^'";]*?\sfrom\s+)?'(\.[^']+)'/gm;
const dynamicImport = /\bimport\(\s*'(\.[^']+)'\s*\)/g;

function importsOf(path: string, code: string): Import[] {
  const at = (to: string): string => normalize(join(dirname(path), to));
  return [
    ...[...code.matchAll(statement)]
      .filter(([, , to]) => !/\.(css|svg)$/.test(to as string))
      .map(([, type, to]): Import => ({
        path: at(to as string),
        kind: type === undefined ? 'static' : 'type',
      })),
    ...[...code.matchAll(dynamicImport)].map(([, to]): Import => ({ path: at(to as string), kind: 'dynamic' })),
  ];
}

/** Every TypeScript file of `src`, read once. */
export const sources: readonly SourceFile[] = readdirSync(join(home, 'src'), { recursive: true, encoding: 'utf8' })
  .filter((name) => /\.tsx?$/.test(name))
  .sort()
  .map((name) => readSource(join('src', name)));
