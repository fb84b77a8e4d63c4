import { realpath } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { isLifeboatError, limits } from '../core/index.ts';
import { assemble, type AssembledDocument, type Part } from './assemble.ts';
import { pathText, readDocument, type Path, type PlanDocument } from './document.ts';
import type { Finding } from './model.ts';
import { include as includeSchema } from './schema/practice.ts';

/**
 * A plan file with everything it includes, as one document. Files are named relative to the folder of the plan and stay inside
 * it; one that is not there, leads out, or includes itself is a finding where it is named. Throws as `readDocument` does.
 */
export async function readPlanFiles(file: string): Promise<AssembledDocument> {
  const main = await readDocument(file);
  const reader = new Reader(file);
  const parts = await reader.partsOf(main, [resolve(file)]);
  return assemble({ ...main, findings: [...main.findings, ...reader.findings] }, parts);
}

interface Included {
  readonly file: string;
  readonly given: Readonly<Record<string, unknown>>;
  readonly path: Path;
}

class Reader {
  readonly #folder: string;
  readonly findings: Finding[] = [];
  #files = 0;

  constructor(planFile: string) {
    this.#folder = dirname(planFile);
  }

  /** `way` is the files from the plan to this one. */
  async partsOf(document: PlanDocument, way: readonly string[]): Promise<Part[]> {
    const parts: Part[] = [];
    for (const included of this.#includesOf(document)) {
      const part = await this.#read(document, included, way);
      if (part !== undefined) parts.push(part);
    }
    return parts;
  }

  #includesOf(document: PlanDocument): Included[] {
    const written = document.value?.['include'];
    if (written === undefined) return [];
    if (!Array.isArray(written)) {
      this.#report(document, ['include'], 'include is a list of files', 'Write include: [ parts/stores.yaml ].');
      return [];
    }
    return written.flatMap((one, index) => {
      const read = includeSchema.safeParse(one);
      const path = ['include', index];
      if (read.success) {
        const { file, with: given = {} } = typeof read.data === 'string' ? { file: read.data } : read.data;
        return [{ file, given, path }];
      }
      this.#report(document, path, 'this names no file', 'Write a path, or { file: PATH, with: { NAME: … } }.');
      return [];
    });
  }

  async #read(from: PlanDocument, { file, given, path }: Included, way: readonly string[]): Promise<Part | undefined> {
    const target = resolve(this.#folder, file);
    if (isAbsolute(file) || leadsOut(resolve(this.#folder), target)) {
      return this.#report(
        from,
        path,
        `${file} is outside the folder of the plan`,
        'Keep what belongs to the plan beside it.',
      );
    }
    if (way.includes(target)) {
      const circle = [...way.slice(way.indexOf(target)), target].map((one) => relative(resolve(this.#folder), one));
      return this.#report(
        from,
        path,
        `files include each other in a circle: ${circle.join(' → ')}`,
        'Leave one of them out.',
      );
    }
    this.#files += 1;
    if (this.#files > limits.planFilesMax) {
      return this.#report(from, path, `a plan includes at most ${limits.planFilesMax} files`, 'Join some of them.');
    }
    const document = await this.#open(from, path, file);
    if (document === undefined) return undefined;
    return { document, given, parts: await this.partsOf(document, [...way, target]) };
  }

  async #open(from: PlanDocument, path: Path, file: string): Promise<PlanDocument | undefined> {
    const place = join(this.#folder, file);
    try {
      const document = await readDocument(place);
      // A link may lead where its name does not.
      if (!leadsOut(await realpath(this.#folder), await realpath(place))) return document;
      return this.#report(
        from,
        path,
        `${file} leads outside the folder of the plan`,
        'Keep what belongs to the plan beside it.',
      );
    } catch (error) {
      if (isLifeboatError(error, 'plan.missing') || isLifeboatError(error, 'input.file')) {
        return this.#report(
          from,
          path,
          `${file} cannot be read: ${error.message}`,
          'Paths are relative to the folder of the plan.',
        );
      }
      throw error;
    }
  }

  #report(document: PlanDocument, path: Path, message: string, hint: string): undefined {
    const place = document.place(path, 'value');
    this.findings.push({ code: 'plan.bad_include', severity: 'error', ...place, path: pathText(path), message, hint });
    return undefined;
  }
}

function leadsOut(folder: string, target: string): boolean {
  const way = relative(folder, target);
  return way === '' || way === '..' || way.startsWith('../') || isAbsolute(way);
}
