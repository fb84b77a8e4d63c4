import { readFile, stat } from 'node:fs/promises';
import { isAlias, isMap, isPair, isScalar, isSeq, LineCounter, parseDocument, type Document } from 'yaml';
import { LifeboatError, limits, messageOf, systemCodeOf } from '../core/index.ts';
import type { FindingCode } from './finding-codes.ts';
import type { Finding, Place } from './model.ts';

export type Path = readonly (string | number)[];

/** A YAML file as plain data, with the place of everything in it. */
export interface PlanDocument {
  readonly file: string;
  /** Plain data; undefined when the file could not be read as a mapping. */
  readonly value: Readonly<Record<string, unknown>> | undefined;
  readonly findings: readonly Finding[];
  /** Where a key or value stands; for what is not there, where the nearest thing around it stands. */
  place(path: Path, of?: 'key' | 'value'): Place;
}

/** Throws `plan.missing` or `input.file` when there is no file to speak of; everything else becomes findings. */
export async function readDocument(file: string): Promise<PlanDocument> {
  const { text, problem } = await readText(file);
  if (problem !== undefined) return unusable(file, 'plan.unreadable', problem);
  return parseText(file, text);
}

export function parseText(file: string, text: string): PlanDocument {
  const lines = new LineCounter();
  try {
    const document = parseDocument(text, {
      lineCounter: lines,
      version: '1.2',
      strict: true,
      stringKeys: true,
      prettyErrors: false,
    });
    return inspect(file, document, lines);
  } catch (error) {
    if (error instanceof RangeError) return unusable(file, 'plan.too_deep', 'the file is nested too deeply');
    throw error;
  }
}

async function readText(file: string): Promise<{ text: string; problem?: string }> {
  try {
    const { size } = await stat(file);
    if (size > limits.planBytesMax) {
      return { text: '', problem: `the file has ${size} bytes; a plan has at most ${limits.planBytesMax}` };
    }
    const bytes = await readFile(file);
    try {
      return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) };
    } catch {
      return { text: '', problem: 'the file is not UTF-8 text' }; // the decoder's own words say no more
    }
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') {
      throw new LifeboatError('plan.missing', `there is no plan ${file}`, {
        hint: 'Name one with --plan FILE, or write one with: lifeboat init',
        cause: error,
      });
    }
    throw new LifeboatError('input.file', `the plan ${file} cannot be read: ${messageOf(error)}`, { cause: error });
  }
}

function inspect(file: string, document: Document.Parsed, lines: LineCounter): PlanDocument {
  const place = (path: Path, of: 'key' | 'value' = 'value'): Place => ({
    file,
    path: pathText(path),
    ...lineAndColumn(lines, offsetOf(document, path, of)),
  });
  const findings = [...document.errors, ...document.warnings].map((problem): Finding => {
    const code = problem.code === 'DUPLICATE_KEY' ? 'plan.duplicate_name' : 'plan.syntax';
    return {
      code,
      severity: 'error',
      file,
      path: '',
      ...lineAndColumn(lines, problem.pos[0]),
      ...said(problem.code, problem.message),
    };
  });
  if (findings.length > 0) return { file, value: undefined, findings, place };
  const { value, finding } = plainValue(document);
  if (finding !== undefined) return { ...unusable(file, finding.code, finding.message), place };
  return { file, value, findings, place };
}

function said(code: string, message: string): { message: string; hint: string | undefined } {
  if (code === 'DUPLICATE_KEY')
    return { message: 'the same key stands twice in one mapping', hint: 'Keep one of them.' };
  if (code === 'TAB_AS_INDENT') return { message: 'a tab is used to indent', hint: 'Indent with spaces.' };
  const hint = code === 'TAG_RESOLVE_FAILED' ? 'Leave the ! tag out: a plan holds plain values only.' : undefined;
  return { message: message.replace(/ at line \d+, column \d+:?[^]*$/, ''), hint };
}

interface PlainValue {
  value?: Record<string, unknown>;
  finding?: { code: FindingCode; message: string };
}

function plainValue(document: Document.Parsed): PlainValue {
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: limits.planAliasesMax });
  } catch (error) {
    if (error instanceof ReferenceError) {
      return { finding: { code: 'plan.too_many_aliases', message: 'the aliases of this file unfold to too much' } };
    }
    throw error;
  }
  if (value === null || value === undefined) return { finding: { code: 'plan.empty', message: 'the file is empty' } };
  if (typeof value !== 'object' || Array.isArray(value)) {
    return { finding: { code: 'plan.not_a_mapping', message: 'the file holds no `key: value` lines' } };
  }
  return { value: value as Record<string, unknown> };
}

function unusable(file: string, code: FindingCode, message: string): PlanDocument {
  const hint = 'A plan starts with: lifeboat: 1';
  const finding: Finding = { code, severity: 'error', file, path: '', line: 1, column: 1, message, hint };
  return {
    file,
    value: undefined,
    findings: [finding],
    place: (path) => ({ file, line: 1, column: 1, path: pathText(path) }),
  };
}

/** The offset of the thing at a path, or of the last thing on the way to it that exists. */
function offsetOf(document: Document.Parsed, path: Path, of: 'key' | 'value'): number {
  let node: unknown = document.contents;
  let offset = startOf(node) ?? 0;
  for (const [index, part] of path.entries()) {
    if (isAlias(node)) node = node.resolve(document);
    const found = childOf(node, part);
    if (found === undefined) return offset;
    const last = index === path.length - 1;
    const keyOffset = startOf(found.key);
    // What is missing inside a mapping is told where that mapping's own key stands.
    offset = (last && of === 'value' ? startOf(found.value) : keyOffset) ?? keyOffset ?? startOf(found.value) ?? offset;
    node = found.value;
  }
  return offset;
}

function childOf(node: unknown, part: string | number): { key: unknown; value: unknown } | undefined {
  if (isSeq(node) && typeof part === 'number') {
    const item = node.items[part];
    return item === undefined ? undefined : { key: item, value: item };
  }
  if (!isMap(node)) return undefined;
  const pair = node.items.find((item) => isPair(item) && isScalar(item.key) && String(item.key.value) === String(part));
  return pair === undefined ? undefined : { key: pair.key, value: pair.value };
}

function startOf(node: unknown): number | undefined {
  if (typeof node !== 'object' || node === null || !('range' in node) || !Array.isArray(node.range)) return undefined;
  return node.range[0];
}

function lineAndColumn(lines: LineCounter, offset: number): { line: number; column: number } {
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(line, 1), column: Math.max(col, 1) };
}

/** `scenarios.orders_corrupted.steps[1].restore` */
export function pathText(path: Path): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    return text === '' ? part : `${text}.${part}`;
  }, '');
}
