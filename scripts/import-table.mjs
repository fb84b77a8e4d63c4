// `npm run import-table -- DIR`: reads every document of a folder with `init --from`, checks each plan, and prints what is wrong
// with it as a table: document, code of the finding, line of the document, what it says. `--json`: one line for machines.
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { runWords } from '../src/cli/run-words.ts';

const given = process.argv.slice(2);
const json = given.includes('--json');
const all = given.includes('--all');
const folder = given.find((word) => !word.startsWith('-'));
// Whoever reads the table may have seen enough: `| head` is no failure.
process.stdout.on('error', () => process.exit(0));

if (folder === undefined || !statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
  process.stderr.write('usage: npm run import-table -- DIR [--all] [--json]   (DIR: Markdown documents)\n');
  process.exitCode = 2;
} else {
  const work = mkdtempSync(join(tmpdir(), 'lifeboat-import-'));
  try {
    const files = readdirSync(folder)
      .filter((name) => /\.(md|markdown|txt)$/.test(name))
      .sort();
    const results = [];
    for (const name of files) results.push(await look(resolve(folder, name), work));
    print(results);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** One document: what was made of it, and the findings with their lines in the document. */
async function look(document, work) {
  const plan = join(work, `${basename(document)}.yaml`);
  const state = join(work, 'state');
  const init = await run(['init', '--from', document, '--plan', plan, '--state', state, '--json']);
  if (init.error !== undefined) return { document: basename(document), error: init.error.message, findings: [] };
  const check = await run(['check', '--plan', plan, '--state', state, '--json']);
  const lines = readFileSync(plan, 'utf8').split('\n');
  const findings = check.findings
    .filter(({ severity }) => all || severity !== 'info')
    .map(({ code, severity, message, path, line }) => ({
      code,
      severity,
      line: sourceLine(lines, line),
      path,
      message,
    }))
    .sort((a, b) => (a.line ?? 0) - (b.line ?? 0));
  const count = ({ length }) => length;
  return {
    document: basename(document),
    understood: count(init.understood),
    guessed: count(init.guessed),
    leftOver: count(init.leftOver),
    findings,
  };
}

/** A command line as people type it, in this process: a folder may hold many documents. */
async function run(words) {
  let said = '';
  const quiet = { write: () => true };
  await runWords(words, {
    stdout: { write: (text) => (said += text) },
    stderr: quiet,
    environment: {},
    folder: process.cwd(),
    signal: new AbortController().signal,
  });
  return JSON.parse(said);
}

/** The line of the document that a line of the plan came from: its own, that of the first thing inside it, or of the last before it. */
function sourceLine(lines, line) {
  const of = (text) => Number(/# line (\d+)/.exec(text ?? '')?.[1] ?? Number.NaN);
  const at = line - 1;
  if (of(lines[at])) return of(lines[at]);
  const depth = lines[at]?.search(/\S/) ?? 0;
  for (let next = at + 1; next < lines.length && lines[next].search(/\S/) > depth; next += 1)
    if (of(lines[next])) return of(lines[next]);
  for (let before = at - 1; before >= 0 && lines[before] !== ''; before -= 1)
    if (of(lines[before])) return of(lines[before]);
  return undefined;
}

function print(results) {
  if (json) return void process.stdout.write(`${JSON.stringify({ documents: results })}\n`);
  for (const { document, error, understood, guessed, leftOver, findings } of results) {
    process.stdout.write(`\n${document}\n`);
    if (error !== undefined) {
      process.stdout.write(`  ${error}\n`);
      continue;
    }
    process.stdout.write(
      `  understood ${understood}, guessed ${guessed}, left over ${leftOver}; findings ${findings.length}\n\n`,
    );
    const width = Math.max(0, ...findings.map(({ code }) => code.length));
    for (const { code, severity, line, message } of findings) {
      const place = line === undefined ? '   –' : String(line).padStart(4);
      process.stdout.write(`  ${place}  ${severity.padEnd(7)}  ${code.padEnd(width)}  ${message}\n`);
    }
  }
}
