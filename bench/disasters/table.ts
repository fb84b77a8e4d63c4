import Table from 'cli-table3';
import type { Outcome } from './disasters.ts';

/** For people: what was lost and how long it took, measured, with its verdict. */
export function tableOf(outcomes: readonly Outcome[]): string {
  const head = [
    'PostgreSQL',
    'disaster',
    'acknowledged',
    'lost',
    'RPO',
    'RTO',
    'detect + decide + restore + verify',
    'given up',
    'verdict',
  ];
  const table = new Table({ head, style: { head: [], border: [] } });
  for (const one of outcomes) {
    const { took, acknowledged, lost, rpoSeconds, rtoSeconds, givenUp = 0, givenUpSeconds = 0 } = one;
    const parts =
      took === undefined
        ? ''
        : [took.detect, took.decide, took.execute, took.verify].map((part) => part.toFixed(1)).join(' + ');
    const given = givenUp === 0 ? '' : `${givenUp} in ${givenUpSeconds.toFixed(1)} s`;
    table.push([
      one.major,
      one.title,
      shown(acknowledged),
      shown(lost),
      seconds(rpoSeconds),
      seconds(rtoSeconds),
      parts,
      given,
      one.verdict,
    ]);
  }
  const reasons = outcomes.flatMap(({ major, title, reason }) =>
    reason === undefined ? [] : [`PostgreSQL ${major}, ${title}: ${reason}`],
  );
  return `${[table.toString(), ...reasons].join('\n')}\n`;
}

const shown = (count: number | undefined): string => (count === undefined ? '' : String(count));

const seconds = (value: number | undefined): string => (value === undefined ? '' : `${value.toFixed(2)} s`);
