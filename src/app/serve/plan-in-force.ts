import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { LifeboatError, systemCodeOf, toLifeboatError, type Clock } from '../../core/index.ts';
import { checkPlan, isAssembled, lint, PlanError, tidyFindings, type Finding, type Plan } from '../../plan/index.ts';
import { registry } from '../registry.ts';

/** The plan that is kept to, and its file, which people edit meanwhile. */
export class PlanInForce {
  readonly #file: string;
  readonly #clock: Clock;
  #read: ReadPlan;
  #files: readonly string[];
  /** How the files looked when they were last read, and at the last look. */
  #readLook: string;
  #seen: string;
  #refused: LifeboatError | undefined;

  private constructor(file: string, clock: Clock, read: ReadPlan, seen: string) {
    this.#file = file;
    this.#clock = clock;
    this.#read = read;
    this.#files = read.files;
    this.#readLook = seen;
    this.#seen = seen;
  }

  /** Throws `plan.missing`, `plan.invalid`. What the linter finds is said and keeps nobody from protecting what there is. */
  static async load(file: string, clock: Clock): Promise<PlanInForce> {
    const place = resolve(file);
    const seen = await lookOf([place]);
    const read = await readPlan(place, clock.now());
    // With includes the look is another one: then the first turn reads them once more.
    return new PlanInForce(place, clock, read, seen);
  }

  get plan(): Plan {
    return this.#read.plan;
  }

  /** Errors that the plan in force had when it was read, as `check` names them. */
  get errors(): readonly string[] {
    return [...new Set(this.#read.errors.map(nameOf))];
  }

  /** Why the file, as it is, is not the plan in force. */
  get refused(): LifeboatError | undefined {
    return this.#refused;
  }

  /**
   * Looks at the files. One that is being written is left alone until it has stood still from one look to the next; `now`: it is read at once.
   * Whatever is wrong with it leaves the plan in force as it is.
   */
  async look(now = false): Promise<'same' | 'changed' | 'refused'> {
    const seen = await lookOf(this.#files);
    const isStill = seen === this.#seen;
    this.#seen = seen;
    if (!now && (seen === this.#readLook || !isStill)) return 'same';
    this.#readLook = seen;
    const before = this.#read;
    const nowMs = this.#clock.now();
    try {
      const read = await readPlan(this.#file, nowMs);
      this.#files = read.files;
      mustFollow(before, read, nowMs);
      this.#read = read;
      this.#refused = undefined;
    } catch (error) {
      this.#refused = toLifeboatError(error);
      return 'refused';
    }
    return this.#read.plan.hash === before.plan.hash ? 'same' : 'changed';
  }
}

interface ReadPlan {
  readonly plan: Plan;
  readonly document: Parameters<typeof lint>[1];
  readonly errors: readonly Finding[];
  readonly files: readonly string[];
}

async function readPlan(file: string, nowMs: number): Promise<ReadPlan> {
  const { plan, findings, document } = await checkPlan(file, registry);
  if (plan === undefined) throw new PlanError(file, findings);
  return {
    plan,
    document,
    errors: errorsOf(plan, document, nowMs),
    files: isAssembled(document) ? document.files : [file],
  };
}

const errorsOf = (plan: Plan, document: ReadPlan['document'], nowMs: number): Finding[] =>
  tidyFindings(lint(plan, document, nowMs)).filter(({ severity }) => severity === 'error');

/**
 * Throws what keeps a plan that was read from taking the place of another: a new error, or that it is another plan. An error that came to the one
 * before with time (a waiver that has ended) is not new.
 */
function mustFollow(before: ReadPlan, { plan, errors }: ReadPlan, nowMs: number): void {
  if (plan.name !== before.plan.name)
    throw new LifeboatError('plan.invalid', `the file holds another plan: ${plan.name}, and not ${before.plan.name}`, {
      where: plan.file,
      hint: 'Stop `serve` and start it again: what another plan does it must not do beside this one.',
    });
  const known = new Set([...before.errors, ...errorsOf(before.plan, before.document, nowMs)].map(nameOf));
  const fresh = errors.filter((finding) => !known.has(nameOf(finding)));
  if (fresh.length > 0) throw new PlanError(plan.file, fresh);
}

const nameOf = ({ code, path }: Finding): string => `${code} at ${path ?? ''}`;

/** Changes whenever a file does; one that is not there has a look too. */
async function lookOf(files: readonly string[]): Promise<string> {
  const looks = await Promise.all(
    files.map(async (file) => {
      try {
        const { mtimeMs, size, ino } = await stat(file);
        return `${file} ${mtimeMs} ${size} ${ino}`;
      } catch (error) {
        const code = systemCodeOf(error);
        if (code === undefined) throw error;
        return `${file} ${code}`;
      }
    }),
  );
  return looks.join('\n');
}
