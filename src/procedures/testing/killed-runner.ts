/**
 * A runner that kills itself with SIGKILL at one call of the journal: `before` the record is written or `after` it is durable.
 * Started by the tests: node killed-runner.ts FOLDER CALL before|after
 */
import { join } from 'node:path';
import type { Journal } from '../../journal/index.ts';
import type { Scenario } from '../../plan/index.ts';
import { runProcedure } from '../index.ts';
import { brokeNow, makeBench, scenarioOf, stepOf } from './bench.ts';

const [, script = '', folder = '', call = '', when = ''] = process.argv;

/** Steps whose effects are lines in a ledger: a line that stands there twice is an effect that happened twice. */
export function ledgerScenario(ledger: string): Scenario {
  const write = (id: string): ReturnType<typeof stepOf> =>
    stepOf(id, 'exec', ['sh', '-c', 'echo "$1" >> "$0"', ledger, id]);
  return scenarioOf(
    write('one'),
    stepOf('both', 'parallel', { steps: [1, 2] }, { steps: [write('left'), write('right')] }),
    stepOf('pause', 'wait', '1ms'),
    write('two'),
  );
}

if (process.argv[1] !== undefined && script.endsWith('killed-runner.ts')) {
  const bench = makeBench({ folder });
  const workspace = { ...bench.workspace, journal: deadlyJournal(bench.journal, Number(call), when) };
  await runProcedure({
    run: '01kankilledrunner000000000',
    scenario: ledgerScenario(join(folder, 'ledger')),
    environment: bench.environment,
    mode: 'real',
    tools: { ...bench.tools, workspace },
    incident: brokeNow(),
  });
  bench.close();
}

export function deadlyJournal(journal: Journal, deadlyCall: number, moment: string): Journal {
  let calls = 0;
  return {
    append: (kind, data, of) => {
      calls += 1;
      if (calls === deadlyCall && moment === 'before') die();
      const record = journal.append(kind, data, of);
      if (calls === deadlyCall && moment === 'after') die();
      return record;
    },
    records: (filter) => journal.records(filter),
    last: () => journal.last(),
    rows: (after, most) => journal.rows(after, most),
    remember: (chain, rows) => journal.remember(chain, rows),
    verify: () => journal.verify(),
    close: () => journal.close(),
  };
}

function die(): void {
  process.kill(process.pid, 'SIGKILL');
}
