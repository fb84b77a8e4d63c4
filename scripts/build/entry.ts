import { main } from '../../src/cli/main.ts';

// Where the one-file program begins.
const own = process.argv[2]?.match(/^--lifeboat-own-program=(.*)$/)?.[1];
hideExperimentalWarnings();
if (own === undefined) void main(process.argv.slice(2)).then((code) => process.exit(code));
else if (own === 'writer') {
  process.argv.splice(2, 1);
  void import('../../src/demo/writer.ts');
} else {
  process.stderr.write(`error: there is no part ${own}\n`);
  process.exitCode = 2;
}

/** node:sqlite announces itself on every start; every other warning stays. */
function hideExperimentalWarnings(): void {
  const emitWarning = process.emitWarning.bind(process) as (warning: string | Error, ...rest: unknown[]) => void;
  process.emitWarning = (warning: string | Error, ...rest: unknown[]) => {
    const first = rest[0] as { type?: string } | string | undefined;
    const type = typeof first === 'object' ? first.type : first;
    if (type !== 'ExperimentalWarning') emitWarning(warning, ...rest);
  };
}
