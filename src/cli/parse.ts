import { Command as Parser, CommanderError, Option } from 'commander';
import { LifeboatError } from '../core/index.ts';
import { commandTable, groups, type CommandEntry } from './command-table.ts';
import type { Command, GlobalFlags } from './command.ts';
import { Input } from './input.ts';
import { version } from './version.ts';

export type Invocation =
  | { readonly kind: 'run'; readonly command: Command; readonly input: Input; readonly flags: GlobalFlags }
  /** Something to print: on stdout when it was asked for (exit code 0), on stderr when a word is missing (2). */
  | { readonly kind: 'text'; readonly text: string; readonly exitCode: 0 | 2 };

/**
 * Understands a command line. Only the file of the command that was asked for is loaded.
 * Throws `input.flag` with a "did you mean" when it can.
 */
export async function parse(words: readonly string[], table = commandTable): Promise<Invocation> {
  const wanted = entryOf(words, table);
  const command = (await wanted?.load())?.command;
  const written = { out: '', error: '' };
  let run: Invocation | undefined;
  const program = createProgram(written);
  for (const entry of table) {
    const parser = place(program, entry);
    if (entry !== wanted || command === undefined) continue;
    declare(parser, command);
    parser.action((...given: unknown[]) => {
      run = { kind: 'run', command, input: inputOf(command, given, parser), flags: program.opts<GlobalFlags>() };
    });
  }
  try {
    await program.parseAsync([...words], { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) return textOf(error, written, wanted);
    throw error;
  }
  return run ?? { kind: 'text', text: program.helpInformation(), exitCode: 2 };
}

/** The entry whose name the first plain words spell; values of the global flags are not words. */
function entryOf(words: readonly string[], table: readonly CommandEntry[]): CommandEntry | undefined {
  const plain: string[] = [];
  for (let i = 0; i < words.length && plain.length < 3; i += 1) {
    const word = words[i] as string;
    if (word === '--plan' || word === '--state' || word === '--key') i += 1;
    else if (!word.startsWith('-')) plain.push(word);
  }
  if (plain[0] === 'help') plain.shift();
  return table.find(({ name }) => name === plain.slice(0, 2).join(' ')) ?? table.find(({ name }) => name === plain[0]);
}

function createProgram(written: { out: string; error: string }): Parser {
  return new Parser('lifeboat')
    .description('Disaster recovery you can prove: protects what a plan names, restores it, and measures how well.')
    .usage('COMMAND [words and flags]')
    .version(version(), '--version', 'the version, and nothing else')
    .helpOption('--help', 'what a command does, with examples')
    .optionsGroup('Flags of every command:')
    .option('--plan <FILE>', 'the plan', './lifeboat.yaml')
    .option('--state <DIR>', 'the folder of state of this machine', './.lifeboat')
    .option('--key <FILE>', keyHelp, (file: string, before: string[]) => [...before, file], [])
    .option('--json', 'one JSON object on stdout, progress on stderr', false)
    .option('--yes', 'do not ask', false)
    .option('--quiet', 'no progress', false)
    .addHelpText('after', exitCodeHelp)
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => void (written.out += text),
      writeErr: (text) => void (written.error += text),
      outputError: () => {}, // printed by whoever catches the error, so that it looks the same everywhere
    })
    .exitOverride();
}

const keyHelp =
  'open the copies with this identity, passphrase or share sheet instead of what the plan names; may be given several times, - reads a pipe, ask asks';

const exitCodeHelp = `
Exit codes: 0 done and true, 1 what was asked is not so, 2 wrong input, 3 waits for a human,
            4 something outside could not be reached, 70 our fault.
Each command explains itself: lifeboat COMMAND --help`;

function place(program: Parser, entry: CommandEntry): Parser {
  const [first, second] = entry.name.split(' ') as [string, string | undefined];
  if (second === undefined) return program.command(first).summary(entry.summary).helpGroup(entry.heading);
  return groupOf(program, first).command(second).summary(entry.summary);
}

function groupOf(program: Parser, name: string): Parser {
  const known = program.commands.find((parser) => parser.name() === name);
  if (known !== undefined) return known;
  const group = groups[name];
  return program
    .command(name)
    .description(group?.summary ?? name)
    .helpGroup(group?.heading ?? 'Commands:');
}

function declare(parser: Parser, command: Command): void {
  parser.description(command.description);
  for (const argument of command.arguments ?? []) {
    const name = `${argument.name}${argument.many === true ? '...' : ''}`;
    parser.argument(argument.optional === true ? `[${name}]` : `<${name}>`, argument.summary);
  }
  for (const { flags, summary, required, choices } of command.options ?? []) {
    const option = new Option(flags, summary);
    if (required === true) option.makeOptionMandatory();
    if (choices !== undefined) option.choices([...choices]);
    parser.addOption(option);
  }
  parser.addHelpText('after', `\nExamples:\n${command.examples.map((example) => `  ${example}`).join('\n')}`);
}

function inputOf(command: Command, given: readonly unknown[], parser: Parser): Input {
  const names = (command.arguments ?? []).map((argument, i) => [argument.name, given[i]] as const);
  return new Input(new Map(names as [string, string | string[] | undefined][]), parser.opts());
}

function textOf(
  error: CommanderError,
  written: { out: string; error: string },
  entry: CommandEntry | undefined,
): Invocation {
  if (error.exitCode === 0) return { kind: 'text', text: written.out, exitCode: 0 };
  if (error.code === 'commander.help') return { kind: 'text', text: written.error, exitCode: 2 };
  const [message = '', suggestion] = error.message.replace(/^error: /, '').split('\n');
  throw new LifeboatError('input.flag', message.replace(/\.$/, ''), {
    hint:
      suggestion?.replaceAll(/^\(|\)$/g, '') ?? `See: lifeboat ${entry === undefined ? '' : `${entry.name} `}--help`,
    cause: error,
  });
}
