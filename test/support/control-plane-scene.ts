import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort, mustSucceed } from '../../src/core/index.ts';
import { endOf, Place, type Answer } from './lifeboat.ts';

const program = fileURLToPath(new URL('../../examples/control-plane/scene.mjs', import.meta.url));

export interface SeenStep {
  readonly id: string;
  readonly state: string;
  readonly summary: string;
  readonly code?: string;
  readonly startedMs: number;
}

/** The scene of examples/control-plane in a folder of its own, worked with as people do: by programs. */
export class ControlPlaneScene {
  readonly #parent: Place;
  readonly #place: Place;
  readonly #ports: { readonly host: number; readonly reconciler: number };

  private constructor(parent: Place, ports: { host: number; reconciler: number }) {
    this.#parent = parent;
    this.#place = Place.in(join(parent.folder, 'scene'));
    this.#ports = ports;
  }

  static async make(): Promise<ControlPlaneScene> {
    const [api, scheduler, reconciler, host] = await Promise.all([freePort(), freePort(), freePort(), freePort()]);
    const scene = new ControlPlaneScene(await Place.empty(), { host, reconciler });
    const words = ['up', scene.#place.folder, [api, scheduler, reconciler, host].join(',')];
    await mustSucceed([process.execPath, program, ...words], { timeoutMs: 120_000 });
    for (const made of [
      ['store', 'init', 'snapshots'],
      ['store', 'init', 'elsewhere'],
      ['backup', 'volumes'],
    ]) {
      const { exitCode, stdout, stderr } = await scene.run(...made);
      if (exitCode !== 0) throw new Error(stdout + stderr);
    }
    return scene;
  }

  /** What `node scene.mjs …` does in the scene's folder. */
  async do(...words: string[]): Promise<void> {
    await mustSucceed([process.execPath, program, ...words], { cwd: this.#place.folder, timeoutMs: 120_000 });
  }

  /** `lifeboat … --json` as a process of its own. */
  async run(...words: string[]): Promise<Answer> {
    const { exitCode, stdout, stderr } = await endOf(this.#place.start([...words, '--json']));
    return { exitCode: exitCode ?? -1, stdout, stderr, json: JSON.parse(stdout || '{}') as Record<string, unknown> };
  }

  /** What one of its parts says of itself. */
  async says(part: 'host' | 'reconciler'): Promise<Record<string, unknown>> {
    const answer = await fetch(`http://127.0.0.1:${this.#ports[part]}/`);
    return (await answer.json()) as Record<string, unknown>;
  }

  async changePlan(from: string, to: string): Promise<void> {
    const file = this.#place.path('lifeboat.yaml');
    const before = await readFile(file, 'utf8');
    if (!before.includes(from)) throw new Error(`the plan does not have ${from}`);
    await writeFile(file, before.replace(from, to));
  }

  async end(): Promise<void> {
    await this.do('down');
    await this.#parent.remove();
  }
}

export const stepsOf = ({ json }: Answer): SeenStep[] => json['steps'] as SeenStep[];
export const stepIn = (answer: Answer, id: string): SeenStep | undefined =>
  stepsOf(answer).find((step) => step.id === id);
