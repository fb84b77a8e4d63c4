import { z } from 'zod';
import type { CheckResult } from '../../../checks/check.ts';
import {
  filtered,
  isoTime,
  LifeboatError,
  messageOf,
  plainEnvironment,
  readSecret,
  type SecretSource,
} from '../../../core/index.ts';
import type { OutsidePoint, SourceIdentity, WorkOptions } from '../../asset.ts';
import type { KeptContent } from '../../outside.ts';
import type { Keeper, KeeperContext } from '../keeper.ts';
import { outputOf } from '../tool-output.ts';

const argv = z.tuple([z.string().min(1)], z.string());
const secret = z.union([
  z.strictObject({ env: z.string() }),
  z.strictObject({ file: z.string() }),
  z.strictObject({ exec: z.tuple([z.string()], z.string()) }),
]);

export const commandSettings = z.strictObject({
  list: argv.describe(
    'A program that writes a line of JSON for each copy: {"id": "…", "at": "2026-11-21T02:00:00Z", "bytes": 123, "name": "orders.sql.gz"}; bytes and name may be left out.',
  ),
  fetch: argv.describe('A program that writes one copy to its standard output; {} stands for the id.'),
  check: argv.optional().describe('A program that verifies what is kept, and ends with 0 only if all is well.'),
  environment: z
    .record(z.string().regex(/^[A-Z][A-Z0-9_]*$/), secret)
    .optional()
    .describe('What the programs get beside PATH, HOME, LANG and TZ, each by its source.'),
});

/** Any tool that can list its copies and write one to a pipe: an object store’s client, a backup program that is not known here. */
export class CommandKeeper implements Keeper {
  readonly #settings: z.infer<typeof commandSettings>;
  readonly #context: KeeperContext;

  constructor(settings: z.infer<typeof commandSettings>, context: KeeperContext) {
    this.#settings = settings;
    this.#context = context;
  }

  async identify(): Promise<SourceIdentity> {
    const command = this.#settings.list.join(' ');
    return { id: `command:${command}`, description: `the copies that ${this.#settings.list[0]} lists` };
  }

  async list(options: WorkOptions = {}): Promise<OutsidePoint[]> {
    return (await this.#lines(options)).map(({ id, at, bytes }) => ({
      id,
      atMs: Date.parse(at),
      ...(bytes === undefined ? {} : { storedBytes: bytes }),
      keptIn: this.#settings.list[0],
      kind: 'dump',
    }));
  }

  async #lines(options: WorkOptions): Promise<z.infer<typeof line>[]> {
    const text = await outputOf(this.#settings.list, { ...(await this.#process()), ...options });
    const lines = text.split('\n').flatMap((one, index) => (one.trim() === '' ? [] : [lineOf(one, index + 1)]));
    const twice = lines.find(({ id }, index) => lines.findIndex((other) => other.id === id) !== index);
    if (twice !== undefined)
      throw new LifeboatError('process.failed', `${this.#settings.list[0]} lists two copies with the id ${twice.id}`);
    return lines.sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
  }

  async check(options: WorkOptions = {}): Promise<CheckResult[]> {
    const { clock } = this.#context;
    const startedMs = clock.elapsed();
    const newest = (await this.list(options)).at(-1);
    const results: CheckResult[] = [
      {
        name: 'there are copies',
        ok: newest !== undefined,
        observed: newest === undefined ? 'none' : `the newest of ${isoTime(newest.atMs)}`,
        expected: 'at least one',
        durationMs: clock.elapsed() - startedMs,
      },
    ];
    const { check } = this.#settings;
    if (check === undefined) return results;
    const failure = await outputOf(check, { ...(await this.#process()), ...options }).then(
      () => undefined,
      (error: unknown) => {
        if (options.signal?.aborted === true) throw error;
        return messageOf(error);
      },
    );
    results.push({
      name: check.join(' '),
      ok: failure === undefined,
      observed: failure ?? 'exit code 0',
      expected: 'exit code 0',
      durationMs: clock.elapsed() - startedMs,
    });
    return results;
  }

  async open(id: string, options: WorkOptions = {}): Promise<KeptContent> {
    const found = (await this.#lines(options)).find((one) => one.id === id);
    if (found === undefined)
      throw new LifeboatError('point.missing', `${this.#settings.list[0]} lists no copy ${id}`, { where: id });
    const [program, ...words] = this.#settings.fetch.map((word) => word.replaceAll('{}', id));
    const environment = await this.#process();
    return {
      id,
      kind: 'stream',
      name: found.name ?? id,
      read: () => filtered([program as string, ...words], undefined, { ...environment, ...options }),
    };
  }

  async #process(): Promise<{ env: Record<string, string>; cwd: string }> {
    const extra: Record<string, string> = {};
    for (const [name, source] of Object.entries(this.#settings.environment ?? {}))
      extra[name] = (await readSecret(source as SecretSource)).reveal();
    return { env: plainEnvironment(extra), cwd: this.#context.baseFolder };
  }
}

const line = z.object({
  // It stands in command lines: nothing in it may look like an option or lead out of a folder.
  id: z.string().regex(/^[\w][\w.:/@+=-]*$/, 'an id has letters, digits and . _ - : / @ + ='),
  at: z.iso.datetime({ offset: true }),
  bytes: z.number().nonnegative().optional(),
  name: z.string().optional(),
});

function lineOf(text: string, number: number): z.infer<typeof line> {
  try {
    return line.parse(JSON.parse(text));
  } catch (error) {
    const issue = error instanceof z.ZodError ? error.issues[0]?.message : messageOf(error);
    throw new LifeboatError('process.failed', `line ${number} of the list of copies is not understood: ${issue}`, {
      where: text.slice(0, 120),
      hint: 'Each line is an object with an id and a time: {"id": "…", "at": "2026-11-21T02:00:00Z"}.',
      cause: error,
    });
  }
}
