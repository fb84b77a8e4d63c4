import { randomBytes } from 'node:crypto';
import { Accounts } from '../../api/index.ts';
import { serve } from '../../app/index.ts';
import { formatBytes, formatDuration, LifeboatError, limits, systemClock } from '../../core/index.ts';
import { runDemo, type AssetOutcome, type DemoOutcome, type RecoveredDemo } from '../../demo/index.ts';
import { answering } from '../answering.ts';
import type { Command, CommandContext } from '../command.ts';
import { showServeEvent } from '../show/show-serve.ts';

export const command: Command = {
  description:
    'A real disaster on this machine, in a folder of its own: a small shop (PostgreSQL, SQLite, a folder of uploads) under steady writes is protected, its databases are killed and their data deleted while writes go on, and it is recovered with the plan’s own procedure. What came back is held against what was acknowledged. Touches nothing of yours and takes under a minute. The exit code is 0 only if everything came back within the plan’s RTO and RPO and every check is green.',
  options: [
    {
      flags: '--serve',
      summary:
        'afterwards the shop goes on with what came back, under writes again, and is kept as `lifeboat serve` keeps it, with its page for the browser; until Ctrl-C',
    },
  ],
  examples: ['lifeboat demo', 'lifeboat demo --serve', 'lifeboat demo --json'],
  run: async (context, input) => {
    const { progress, signal } = context;
    const outcome = await runDemo({
      progress,
      signal,
      ...(input.flag('serve') ? { editPlan: atLeisure, goesOn: (demo) => keep(context, demo) } : {}),
    });
    if (!input.flag('serve') || outcome.verdict !== 'pass') show(context, outcome);
    const json = {
      verdict: outcome.verdict,
      scenarios: outcome.scenarios,
      run: outcome.run.run,
      page: outcome.page,
      evidence: outcome.evidence,
      folder: outcome.folder,
    };
    if (outcome.verdict === 'pass') return { json };
    const red = outcome.scenarios.filter(({ verdict }) => verdict === 'fail').map(({ asset }) => asset);
    return {
      json,
      error: new LifeboatError('drill.failed', `the shop was not recovered as promised: ${red.join(', ')}`, {
        hint: `Read the page: ${outcome.page}`,
      }),
    };
  },
};

/** What is kept for hours need not be copied as often as what is lost within a minute. */
const atLeisure = (plan: string): string => plan.replace('every: 5s', 'every: 20s');

/** Until it is told to stop. */
async function keep(context: CommandContext, { folder, outcome }: RecoveredDemo): Promise<void> {
  const { output, signal } = context;
  show(context, outcome);
  const password = randomBytes(12).toString('base64url');
  const accounts = new Accounts(folder.stateFolder, systemClock);
  try {
    await accounts.add({ name: 'demo', role: 'admin', password, contact: undefined });
  } finally {
    accounts.close();
  }
  await serve({
    planFile: folder.planFile,
    stateFolder: folder.stateFolder,
    signal,
    listen: { host: '127.0.0.1', port: Number(limits.servePlace.split(':').at(-1)), orAnyPort: true },
    answer: answering({ names: [] }),
    say: (event) => {
      if (event.event === 'listening')
        output.line(
          `The shop is open again, and kept. Look at it: ${event.url}  (sign in as demo, password ${password}; Ctrl-C ends it)`,
        );
      else if (event.event !== 'set_up') showServeEvent(context, event);
    },
  });
}

function show({ output }: CommandContext, outcome: DemoOutcome): void {
  output.table(
    ['asset', '>size', '>RPO', '>target', '>RTO', '>target', '>acknowledged', '>restored', '>lost', 'verdict'],
    outcome.scenarios.map((item) => row(output, item)),
  );
  for (const { asset, checks } of outcome.scenarios) {
    for (const { name, ok, observed } of checks)
      if (!ok) output.line(`${output.mark(false)} ${asset}: ${name}: ${observed}`);
  }
  const checks = outcome.scenarios.flatMap((item) => item.checks);
  output.line(
    `${checks.filter(({ ok }) => ok).length} of ${checks.length} checks are green. The plan, the store and the journal are in ${outcome.folder}`,
  );
  output.line(`page: ${outcome.page}`);
  output.line(
    `${output.mark(outcome.verdict === 'pass')} ${outcome.verdict === 'pass' ? 'RECOVERED within RTO and RPO' : 'NOT recovered as promised'}`,
  );
}

function row(output: CommandContext['output'], item: AssetOutcome): string[] {
  const time = (seconds: number): string => formatDuration(seconds * 1000);
  return [
    item.asset,
    formatBytes(item.bytes),
    time(item.rpoSeconds),
    time(item.rpoTargetSeconds),
    item.rtoSeconds === undefined ? 'never' : time(item.rtoSeconds),
    time(item.rtoTargetSeconds),
    String(item.written),
    String(item.restored),
    String(item.lost),
    `${output.mark(item.verdict === 'pass')} ${item.verdict}`,
  ];
}
