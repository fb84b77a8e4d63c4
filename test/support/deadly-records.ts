import type { Journal } from '../../src/journal/index.ts';

export interface DeadlyRecord {
  /** Its number, counted from when it was named; or KIND:STEP for the first of that kind of that step. */
  readonly which: string;
  /** Before or after it is durable. */
  readonly when: 'before' | 'after';
}

/** A journal that ends its process with SIGKILL at one record: the one that is named at the time. */
export function deadlyRecords(journal: Journal, named: () => DeadlyRecord | undefined): Journal {
  let counted: DeadlyRecord | undefined;
  let calls = 0;
  const dies = (kind: string, data: Record<string, unknown>): DeadlyRecord['when'] | undefined => {
    const deadly = named();
    if (deadly === undefined) return undefined;
    if (deadly !== counted) [counted, calls] = [deadly, 0];
    const { which, when } = deadly;
    const isIt = which.includes(':') ? `${kind}:${String(data['step'])}` === which : (calls += 1) === Number(which);
    return isIt ? when : undefined;
  };
  return {
    append: (kind, data, of) => {
      const moment = dies(kind, data);
      if (moment === 'before') process.kill(process.pid, 'SIGKILL');
      const record = journal.append(kind, data, of);
      if (moment === 'after') process.kill(process.pid, 'SIGKILL');
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
