/** A part of the plan that is being written, with the line of the document that states it. */
export type PlanNode = ScalarNode | MapNode | ListNode;

interface Stated {
  readonly line?: number | undefined;
  /** What people should know about it, behind the line: `guessed: the longer end of 60m to 120m`. */
  readonly note?: string | undefined;
}

export interface ScalarNode extends Stated {
  readonly value: string | number | boolean;
}

export interface MapNode extends Stated {
  readonly entries: Map<string, PlanNode>;
}

export interface ListNode extends Stated {
  readonly items: readonly PlanNode[];
}

export const scalar = (value: string | number | boolean, line?: number, note?: string): ScalarNode => ({
  value,
  line,
  note,
});

/** Entries that are undefined are left out. */
export const mapping = (
  entries: Readonly<Record<string, PlanNode | undefined>>,
  line?: number,
  note?: string,
): MapNode => ({
  entries: new Map(
    Object.entries(entries).flatMap(([key, node]) => (node === undefined ? [] : [[key, node] as const])),
  ),
  line,
  note,
});

export const list = (items: readonly PlanNode[], line?: number, note?: string): ListNode => ({ items, line, note });

/** A list of texts or names, undefined when it is empty. */
export const texts = (values: readonly string[], line?: number): ListNode | undefined =>
  values.length === 0
    ? undefined
    : list(
        values.map((value) => scalar(value)),
        line,
      );

export const isMap = (node: PlanNode | undefined): node is MapNode => node !== undefined && 'entries' in node;
