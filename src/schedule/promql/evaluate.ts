import { assert } from '../../core/index.ts';
import type { Expression } from './read.ts';
import { keyOf, type Series, type Value } from './series.ts';

/** What an expression gives now: series with their values, as Prometheus would. */
export function evaluate(expression: Expression, series: Series): Value[] {
  const result = valueOf(expression, series);
  return typeof result === 'number' ? [{ labels: {}, value: result }] : result;
}

type Result = number | Value[];

function valueOf(expression: Expression, series: Series): Result {
  switch (expression.is) {
    case 'number':
      return expression.value;
    case 'time':
      return series.nowMs / 1000;
    case 'series':
      return series.named(expression.name, expression.labels);
    case 'call':
      return called(expression, series);
    case 'both': {
      const { operator, left, right } = expression;
      return both(operator, valueOf(left, series), valueOf(right, series));
    }
  }
}

function called({ name, of, by }: Expression & { is: 'call' }, series: Series): Result {
  if (name === 'avg_over_time') {
    assert(of.is === 'series' && of.overMs !== undefined, 'a mean is of a series over a time');
    return series.means(of.name, of.labels, of.overMs);
  }
  const inner = valueOf(of, series);
  const values = typeof inner === 'number' ? [{ labels: {}, value: inner }] : inner;
  if (name === 'vector') return values;
  if (name === 'abs') return values.map(({ labels, value }) => ({ labels, value: Math.abs(value) }));
  if (name === 'absent') return values.length > 0 ? [] : [{ labels: matchersOf(of), value: 1 }];
  const groups = Map.groupBy(values, ({ labels }) => keyOf('', only(labels, by)));
  return [...groups.values()].map((group) => ({
    labels: only(group[0]?.labels ?? {}, by),
    value: aggregated(
      name,
      group.map(({ value }) => value),
    ),
  }));
}

function aggregated(name: string, values: readonly number[]): number {
  if (name === 'count') return values.length;
  if (name === 'sum') return values.reduce((sum, value) => sum + value, 0);
  return name === 'min' ? Math.min(...values) : Math.max(...values);
}

/** What is looked for and not there is named by what was asked for; behind a comparison Prometheus does not know that any more. */
const matchersOf = (of: Expression): Readonly<Record<string, string>> => (of.is === 'series' ? of.labels : {});

const only = (labels: Readonly<Record<string, string>>, by: readonly string[]): Record<string, string> =>
  Object.fromEntries(Object.entries(labels).filter(([key]) => by.includes(key)));

function both(operator: string, left: Result, right: Result): Result {
  if (operator === 'and' || operator === 'or' || operator === 'unless')
    return ofSets(operator, listed(left), listed(right));
  const compares = comparisons[operator];
  const computes = arithmetic[operator];
  if (typeof left === 'number' && typeof right === 'number') {
    assert(computes !== undefined, 'two numbers are not compared');
    return computes(left, right);
  }
  const pairs =
    typeof left === 'number' ? (right as Value[]).map((one) => pair(one.labels, left, one.value)) : paired(left, right);
  if (compares !== undefined)
    return pairs.flatMap(({ labels, one, other }) =>
      compares(one, other) ? [{ labels, value: typeof left === 'number' ? other : one }] : [],
    );
  assert(computes !== undefined, `an operator ${operator} is known`);
  return pairs.map(({ labels, one, other }) => ({ labels, value: computes(one, other) }));
}

type Pair = { readonly labels: Readonly<Record<string, string>>; readonly one: number; readonly other: number };
const pair = (labels: Readonly<Record<string, string>>, one: number, other: number): Pair => ({ labels, one, other });

function paired(left: readonly Value[], right: Result): Pair[] {
  if (typeof right === 'number') return left.map(({ labels, value }) => pair(labels, value, right));
  const found = new Map(right.map((one) => [keyOf('', one.labels), one.value]));
  return left.flatMap(({ labels, value }) => {
    const other = found.get(keyOf('', labels));
    return other === undefined ? [] : [pair(labels, value, other)];
  });
}

function ofSets(operator: 'and' | 'or' | 'unless', left: readonly Value[], right: readonly Value[]): Value[] {
  const keys = new Set((operator === 'or' ? left : right).map(({ labels }) => keyOf('', labels)));
  if (operator === 'or') return [...left, ...right.filter(({ labels }) => !keys.has(keyOf('', labels)))];
  return left.filter(({ labels }) => keys.has(keyOf('', labels)) === (operator === 'and'));
}

const listed = (result: Result): Value[] => (typeof result === 'number' ? [{ labels: {}, value: result }] : result);

const comparisons: Readonly<Record<string, (one: number, other: number) => boolean>> = {
  '==': (one, other) => one === other,
  '>=': (one, other) => one >= other,
  '<=': (one, other) => one <= other,
  '>': (one, other) => one > other,
  '<': (one, other) => one < other,
};
const arithmetic: Readonly<Record<string, (one: number, other: number) => number>> = {
  '+': (one, other) => one + other,
  '-': (one, other) => one - other,
  '*': (one, other) => one * other,
  '/': (one, other) => one / other,
};
