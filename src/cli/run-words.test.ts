import { describe, expect, it } from 'vitest';
import { LifeboatError, Secret } from '../core/index.ts';
import type { CommandEntry } from './command-table.ts';
import type { Command } from './command.ts';
import { runWords } from './run-words.ts';

const base: Pick<Command, 'description' | 'examples'> = { description: 'Does it.', examples: ['lifeboat fetch a'] };

const fetch: Command = {
  ...base,
  arguments: [{ name: 'WHAT', summary: 'things', optional: true, many: true }],
  options: [
    { flags: '--port <PORT>', summary: 'a port' },
    { flags: '--from-there', summary: 'a switch' },
    { flags: '--table <NAME...>', summary: 'tables' },
  ],
  run: async (context, input) => {
    const port = input.number('port', 1, 65_535);
    context.output.line(`fetched ${input.arguments('WHAT').join('+')}`);
    context.progress.note('a note');
    return {
      json: {
        what: input.arguments('WHAT'),
        port,
        fromThere: input.flag('from-there'),
        tables: input.texts('table'),
        plan: context.planFile,
      },
    };
  },
};

const failing = (work: Command['run']): Command => ({ ...base, run: work });

function entry(name: string, command: Command): CommandEntry {
  return { name, summary: `what ${name} does`, heading: 'Recover:', load: async () => ({ command }) };
}

async function run(words: string[], table: CommandEntry[] = [entry('fetch', fetch)], signal?: AbortSignal) {
  const written = { out: '', error: '' };
  const exitCode = await runWords(
    words,
    {
      stdout: { write: (text) => (written.out += text) },
      stderr: { write: (text) => (written.error += text) },
      environment: {},
      folder: '/somewhere',
      signal: signal ?? new AbortController().signal,
    },
    table,
  );
  return { ...written, exitCode };
}

describe('a command line', () => {
  it('hands words and flags to its command, global flags before or after it', async () => {
    const { out, exitCode } = await run(['--plan', 'x.yaml', 'fetch', 'a', 'b', '--port', '80', '--json']);
    expect(exitCode).toBe(0);
    expect(JSON.parse(out)).toEqual({
      ok: true,
      what: ['a', 'b'],
      port: 80,
      fromThere: false,
      tables: [],
      plan: '/somewhere/x.yaml',
    });
  });

  it('reads switches of several words and options with several values', async () => {
    const { out } = await run(['fetch', '--from-there', '--table', 'a', 'b', '--json']);
    expect(JSON.parse(out)).toMatchObject({ fromThere: true, tables: ['a', 'b'] });
  });

  it('keeps stdout for the one object with --json, and stderr silent with --quiet', async () => {
    expect(await run(['fetch', 'a', '--json'])).toMatchObject({
      error: 'a note\n',
      out: expect.stringMatching(/^\{.*\}\n$/),
    });
    expect(await run(['fetch', 'a', '--quiet'])).toMatchObject({ error: '', out: 'fetched a\n' });
  });

  it.each([
    [['fetsh'], 'Did you mean fetch?'],
    [['fetch', '--prt', '1'], 'Did you mean --port?'],
    [['fetch', '--port', '0'], undefined],
    [['fetch', '--port'], 'See: lifeboat fetch --help'],
  ])('says %j is wrong input, with what was meant', async (words, hint) => {
    const plain = await run(words);
    expect(plain.exitCode).toBe(2);
    expect(plain.out).toBe('');
    expect(plain.error).toMatch(/^error: .*\[input\.flag\]/);
    const json = JSON.parse((await run([...words, '--json'])).out);
    expect(json).toMatchObject({ ok: false, error: { code: 'input.flag' } });
    expect(json.error.hint).toBe(hint);
  });

  it('prints help on stdout when asked, on stderr with exit code 2 when a word is missing', async () => {
    const asked = await run(['fetch', '--help']);
    expect(asked).toMatchObject({ exitCode: 0, error: '' });
    expect(asked.out).toContain('lifeboat fetch a');
    const table = [entry('fetch', fetch), entry('store init', fetch)];
    expect(await run([], table)).toMatchObject({
      exitCode: 2,
      out: '',
      error: expect.stringContaining('what fetch does'),
    });
    expect(await run(['store'], table)).toMatchObject({
      exitCode: 2,
      error: expect.stringContaining('what store init does'),
    });
    expect((await run(['help', 'fetch'], table)).out).toContain('--port <PORT>');
  });

  it('loads no command for the list of commands', async () => {
    const unloadable: CommandEntry = { ...entry('fetch', fetch), load: () => Promise.reject(new Error('loaded')) };
    expect((await run(['--help'], [unloadable])).exitCode).toBe(0);
  });
});

describe('a command that fails', () => {
  it('ends with the exit code of its error and prints code, place and hint', async () => {
    const table = [
      entry(
        'fetch',
        failing(async () => {
          throw new LifeboatError('store.unreachable', 'nobody is there', { where: 'store far', hint: 'Plug it in.' });
        }),
      ),
    ];
    expect(await run(['fetch'], table)).toEqual({
      exitCode: 4,
      out: '',
      error: 'error: nobody is there [store.unreachable]\nwhere: store far\nhint:  Plug it in.\n',
    });
  });

  it('keeps what was done before the error in its JSON', async () => {
    const error = new LifeboatError('check.failed', 'red');
    const table = [
      entry(
        'fetch',
        failing(async () => ({ json: { points: [1] }, error })),
      ),
    ];
    const { out, exitCode } = await run(['fetch', '--json'], table);
    expect(JSON.parse(out)).toMatchObject({ ok: false, points: [1], error: { code: 'check.failed' } });
    expect(exitCode).toBe(1);
  });

  it('calls a surprise an internal error, without a stack trace', async () => {
    const table = [
      entry(
        'fetch',
        failing(() => Promise.reject(new TypeError('x is not a function'))),
      ),
    ];
    const { error, exitCode } = await run(['fetch'], table);
    expect(exitCode).toBe(70);
    expect(error).toContain('x is not a function [internal]');
    expect(error).not.toContain('    at ');
  });

  it('never shows a secret', async () => {
    const secret = new Secret('correct horse battery');
    const leak = failing(async (context) => {
      context.output.line(`with ${secret.reveal()}`);
      context.progress.note(`note ${secret.reveal()}`);
      return { json: { a: secret.reveal() }, error: new LifeboatError('input.flag', `bad ${secret.reveal()}`) };
    });
    const table = [entry('fetch', leak)];
    for (const words of [['fetch'], ['fetch', '--json']]) {
      const { out, error } = await run(words, table);
      expect(out + error).not.toContain('horse');
    }
  });

  it('says that it was stopped when a signal made it fail in its own words', async () => {
    const controller = new AbortController();
    const table = [
      entry(
        'fetch',
        failing(async () => {
          controller.abort(new LifeboatError('operation.cancelled', 'stopped by SIGINT'));
          throw new Error('socket hang up');
        }),
      ),
    ];
    const { error, exitCode } = await run(['fetch'], table, controller.signal);
    expect(error).toContain('stopped by SIGINT [operation.cancelled]');
    expect(exitCode).toBe(1);
  });
});
