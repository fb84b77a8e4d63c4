// Writes docs/ERRORS.md from the register of error codes. `--check` only says whether the document is up to date.
import { errorCodes } from '../src/core/error-codes.ts';
import { writeOrCheck } from './generated.mjs';

const againWords = {
  no: 'fails again until the cause is changed',
  later: 'may work later',
  human: 'needs a person first',
};

const exitCodes = [
  ['0', 'done and true'],
  [
    '1',
    'what was asked is not so: an error, a red drill, damage, or a stop on request (SIGINT, SIGTERM, or SIGHUP from a line that breaks)',
  ],
  ['2', 'wrong input: the plan, a flag, an unknown name'],
  ['3', 'waits for a human'],
  ['4', 'something outside could not be reached'],
  ['70', 'our fault'],
  ['130, 143', 'ended at once by a second SIGINT or SIGTERM'],
];

const head = `# Errors

Made by \`npm run errors-doc\` from \`src/core/error-codes.ts\`; change it there.

Every error has a code that never changes its meaning, a message for people, and mostly a place and a hint. On the
terminal it reads \`error: message [code]\`, with \`where:\` and \`hint:\` below it; with \`--json\` it is
\`{ "ok": false, "error": { "code", "message", "where", "hint", "retry" } }\`. LIFEBOAT_DEBUG=1 adds the trace.

## Exit codes

${table(['code', 'meaning'], exitCodes)}
## Error codes
`;

const file = new URL('../docs/ERRORS.md', import.meta.url);
writeOrCheck(file, render(), 'docs/ERRORS.md is not what the register says; run: npm run errors-doc');

function render() {
  const codes = Object.entries(errorCodes).map(([code, { means, retry, exit }]) => [
    `\`${code}\``,
    means,
    againWords[retry],
    String(exit),
  ]);
  return `${head}\n${table(['code', 'what it means', 'trying again', 'exit code'], codes)}`;
}

/** Padded as the formatter wants it. */
function table(headings, rows) {
  const widths = headings.map((heading, i) => Math.max(heading.length, ...rows.map((row) => row[i].length)));
  const line = (cells) => `| ${cells.map((cell, i) => cell.padEnd(widths[i])).join(' | ')} |\n`;
  return [line(headings), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('');
}
