// `npm run import-table -- DIR`: reads every document of a folder with `init --from`, checks each plan, and prints what is wrong
// with it as a table: document, code of the finding, line of the document, what it says. `--json`: one line for machines.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const home = dirname(dirname(fileURLToPath(import.meta.url)));
const words = process.argv.slice(2);
const json = words.includes('--json');
const all = words.includes('--all');
const folder = words.find((word) => !word.startsWith('-'));

if (folder === undefined || !statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
  process.stderr.write('usage: npm run import-table -- DIR [--all] [--json]   (DIR: Markdown documents)\n');
  process.exitCode = 2;
} else {
  const work = mkdtempSync(join(tmpdir(), 'lifeboat-import-'));
  try {
    const files = readdirSync(folder)
      .filter((name) => /\.(md|markdown|txt)$/.test(name))
      .sort();
    print(files.map((name) => look(resolve(folder, name), work)));
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** One document: what was made of it, and the findings with their lines in the document. */
function look(document, work) {
  const plan = join(work, `${basename(document)}.yaml`);
  const state = join(work, 'state');
  const init = run(['init', '--from', document, '--plan', plan, '--state', state, '--json']);
  if (init.error !== undefined) return { document: basename(document), error: init.error.message, findings: [] };
  const check = run(['check', '--plan', plan, '--state', state, '--json']);
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

function run(args) {
  const { stdout, stderr, error } = spawnSync(join(home, 'bin', 'lifeboat'), args, {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  if (error !== undefined) throw error;
  try {
    return JSON.parse(stdout);
  } catch {
    return { error: { message: stderr.trim() || 'no answer' } };
  }
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
