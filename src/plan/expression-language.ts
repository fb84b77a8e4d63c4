import { Environment } from '@marcbachmann/cel-js';
import { limits } from '../core/index.ts';

/** A node of a parsed expression, as far as names are looked for in it. */
export interface CelNode {
  readonly op: string;
  readonly args: unknown;
}

let made: Environment | undefined;

/** CEL with what plans need beside the standard: whole numbers and fractions mix, and texts that read as numbers compare. */
export function expressionLanguage(): Environment {
  made ??= language();
  return made;
}

function language(): Environment {
  const environment = new Environment({
    unlistedVariablesAreDyn: true,
    homogeneousAggregateLiterals: false,
    limits: { maxAstNodes: limits.expressionNodesMax, maxDepth: limits.expressionDepthMax },
  });
  mixNumbers(environment);
  compareTextsWithNumbers(environment);
  return environment;
}

const arithmetic: Record<string, (left: number, right: number) => number> = {
  '+': (left, right) => left + right,
  '-': (left, right) => left - right,
  '*': (left, right) => left * right,
  '/': (left, right) => left / right,
};

function mixNumbers(environment: Environment): void {
  for (const [sign, act] of Object.entries(arithmetic)) {
    const mixed = (left: unknown, right: unknown): number => act(Number(left), Number(right));
    environment.registerOperator(`int ${sign} double`, mixed);
    environment.registerOperator(`double ${sign} int`, mixed);
  }
}

const comparisons: Record<string, (order: number) => boolean> = {
  '<': (order) => order < 0,
  '<=': (order) => order <= 0,
  '>': (order) => order > 0,
  '>=': (order) => order >= 0,
};

function compareTextsWithNumbers(environment: Environment): void {
  for (const [sign, accepts] of Object.entries(comparisons)) {
    const compare = (left: unknown, right: unknown): boolean => accepts(orderOf(left, right));
    for (const number of ['int', 'double']) {
      environment.registerOperator(`string ${sign} ${number}`, compare);
      environment.registerOperator(`${number} ${sign} string`, compare);
    }
  }
  for (const number of ['int', 'double']) {
    environment.registerOperator(`string == ${number}`, (left, right) => orderOf(left, right) === 0);
  }
}

/** Negative, zero or positive; NaN, which no comparison accepts, when a text is no number. Whole numbers are compared exactly. */
function orderOf(left: unknown, right: unknown): number {
  const [a, b] = [numberOf(left), numberOf(right)];
  if (a === undefined || b === undefined) return Number.NaN;
  if (a < b) return -1;
  return a > b ? 1 : 0;
}

function numberOf(value: unknown): number | bigint | undefined {
  if (typeof value === 'number' || typeof value === 'bigint') return value;
  if (typeof value !== 'string') return undefined;
  const text = value.trim();
  if (/^[+-]?\d+$/.test(text)) return BigInt(text);
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : undefined;
}
