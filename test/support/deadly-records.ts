import type { Journal } from '../../src/journal/index.ts';

/**
 * A journal that ends its process with SIGKILL at one record: `which` is its number, or KIND:STEP for the first of that kind of that step;
 * `moment` is before or after it is durable.
 */
export function deadlyRecords(journal: Journal, which: string, moment: string): Journal {
  let calls = 0;
  const isIt = (kind: string, data: Record<string, unknown>): boolean =>
    which.includes(':') ? `${kind}:${String(data['step'])}` === which : (calls += 1) === Number(which);
  return {
    append: (kind, data, of) => {
      const deadly = isIt(kind, data);
      if (deadly && moment === 'before') process.kill(process.pid, 'SIGKILL');
      const record = journal.append(kind, data, of);
      if (deadly) process.kill(process.pid, 'SIGKILL');
      return record;
    },
    records: (filter) => journal.records(filter),
    last: () => journal.last(),
    rows: (after, most) => journal.rows(after, most),
    remember: (chain, rows) => journal.remember(chain, rows),
    verify: (known) => journal.verify(known),
    close: () => journal.close(),
  };
}
