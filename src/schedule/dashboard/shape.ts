/** What a panel asks, and by what its lines are named. */
export interface Query {
  readonly expr: string;
  /** `{{asset}} in {{store}}` */
  readonly legend: string;
}

export interface Panel {
  readonly title: string;
  /** What it means, for who hovers over it. */
  readonly description: string;
  readonly type: 'stat' | 'timeseries' | 'table';
  /** Of Grafana: `s`, `bytes`, `short`, `bool_yes_no`. */
  readonly unit: string;
  readonly queries: readonly Query[];
  /** From this value on it is red. */
  readonly redFrom?: number;
  /** Below this value it is red. */
  readonly redBelow?: number;
}

export interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}

const columns = 24;
const panelsAcross = { stat: 6, timeseries: 2, table: 2 } as const;
const heights = { stat: 4, timeseries: 8, table: 8 } as const;
const source = { type: 'prometheus', uid: '${datasource}' } as const;

/** Rows of panels as Grafana lays them out: numbered, and each at its place. */
export function laidOut(rows: readonly Row[]): Record<string, unknown>[] {
  const all: Record<string, unknown>[] = [];
  let top = 0;
  for (const { title, panels } of rows) {
    all.push({
      id: all.length + 1,
      type: 'row',
      title,
      collapsed: false,
      panels: [],
      gridPos: place(0, top, columns, 1),
    });
    top += 1;
    let left = 0;
    let tallest = 0;
    for (const panel of panels) {
      const width = columns / panelsAcross[panel.type];
      if (left + width > columns) {
        top += tallest;
        [left, tallest] = [0, 0];
      }
      all.push({ id: all.length + 1, gridPos: place(left, top, width, heights[panel.type]), ...bodyOf(panel) });
      left += width;
      tallest = Math.max(tallest, heights[panel.type]);
    }
    top += tallest;
  }
  return all;
}

const place = (x: number, y: number, w: number, h: number): Record<string, number> => ({ x, y, w, h });

function bodyOf({ title, description, type, unit, queries, redFrom, redBelow }: Panel): Record<string, unknown> {
  const steps = [
    { color: redBelow === undefined ? 'green' : 'red', value: null },
    ...(redBelow === undefined ? [] : [{ color: 'green', value: redBelow }]),
    ...(redFrom === undefined ? [] : [{ color: 'red', value: redFrom }]),
  ];
  const hasLine = type === 'timeseries' && (redFrom !== undefined || redBelow !== undefined);
  const custom = hasLine ? { custom: { thresholdsStyle: { mode: 'line' } } } : {};
  return {
    title,
    description,
    type,
    datasource: source,
    targets: queries.map(({ expr, legend }, at) => ({
      refId: String.fromCodePoint(65 + at),
      datasource: source,
      expr,
      legendFormat: legend,
      ...(type === 'timeseries' ? { range: true } : { instant: true }),
      ...(type === 'table' ? { format: 'table' } : {}),
    })),
    fieldConfig: { defaults: { unit, thresholds: { mode: 'absolute', steps }, ...custom }, overrides: [] },
    options: type === 'stat' ? { reduceOptions: { calcs: ['lastNotNull'] }, colorMode: 'background' } : {},
  };
}
