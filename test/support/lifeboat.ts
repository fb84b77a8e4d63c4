import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runWords } from '../../src/cli/run-words.ts';

const program = fileURLToPath(new URL('../../bin/lifeboat', import.meta.url));

export interface Answer {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  /** The object of `--json`. */
  readonly json: Record<string, unknown>;
}

/** A folder with a plan in it, and the command line run in it, in this process (quick) or as a program of its own. */
export class Place {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async empty(): Promise<Place> {
    return new Place(await mkdtemp(join(tmpdir(), 'lifeboat-test-')));
  }

  static in(folder: string): Place {
    return new Place(folder);
  }

  static async make(plan: string): Promise<Place> {
    const place = await Place.empty();
    await writeFile(place.path('lifeboat.yaml'), plan);
    return place;
  }

  path(...parts: string[]): string {
    return join(this.folder, ...parts);
  }

  /** Runs a command line with `--json` in this process. */
  async run(...words: string[]): Promise<Answer> {
    const streams = { stdout: '', stderr: '' };
    const exitCode = await runWords([...words, '--json'], {
      stdout: { write: (text: string) => (streams.stdout += text) },
      stderr: { write: (text: string) => (streams.stderr += text) },
      environment: {},
      folder: this.folder,
      signal: new AbortController().signal,
    });
    return { exitCode, ...streams, json: parse(streams.stdout) };
  }

  /** Starts `bin/lifeboat` as people do. */
  start(words: readonly string[], environment: Record<string, string> = {}): ChildProcess {
    return spawn(process.execPath, [program, ...words], {
      cwd: this.folder,
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** How a program ended and what it said. */
export async function endOf(child: ChildProcess): Promise<{ exitCode: number | null; stdout: string; stderr: string }> {
  const said = { stdout: '', stderr: '' };
  child.stdout?.on('data', (piece: Buffer) => (said.stdout += piece.toString()));
  child.stderr?.on('data', (piece: Buffer) => (said.stderr += piece.toString()));
  const exitCode = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { exitCode, ...said };
}

function parse(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return {}; // the test that looks into it fails and shows the text
  }
}
