import { stringify } from 'yaml';
import type { PlanNode } from './node.ts';

/** The text of a plan: each thing with the line of the document behind it, `# line 42`. */
export function writeYaml(root: PlanNode, heading: readonly string[]): string {
  const lines = heading.map((line) => `# ${line}`.trimEnd());
  for (const [key, node] of 'entries' in root ? root.entries : []) {
    if (!['plan', 'about', 'version', 'owner'].includes(key)) lines.push('');
    lines.push(...entry(key, node, 0));
  }
  return `${lines.join('\n')}\n`;
}

function entry(key: string, node: PlanNode, depth: number): string[] {
  return under(`${indent(depth)}${keyText(key)}:`, node, depth);
}

function under(head: string, node: PlanNode, depth: number): string[] {
  if ('value' in node) return scalarLines(head, node, depth + 1);
  if ('items' in node && node.items.every((item) => 'value' in item && item.line === undefined) && short(node.items)) {
    const inline = node.items.map((item) => ('value' in item ? inFlow(item.value) : '')).join(', ');
    return [`${head} [${inline}]${behind(node)}`];
  }
  if ('items' in node) return [`${head}${behind(node)}`, ...node.items.flatMap((item) => itemLines(item, depth + 1))];
  if (node.entries.size === 0) return [`${head} {}${behind(node)}`];
  return [`${head}${behind(node)}`, ...[...node.entries].flatMap(([key, inner]) => entry(key, inner, depth + 1))];
}

function itemLines(node: PlanNode, depth: number): string[] {
  const head = `${indent(depth)}-`;
  if (!('entries' in node) || node.entries.size === 0) return under(head, node, depth);
  const lines = [...node.entries].flatMap(([key, inner]) => entry(key, inner, depth + 1));
  const [first, ...rest] = lines;
  const opened = `${head} ${(first ?? '').trimStart()}`;
  const comment = behind(node);
  // The item's own line stands behind its first key, unless that states one itself.
  return [opened.includes('  # line') || comment === '' ? opened : withComment(opened, comment), ...rest];
}

function withComment(line: string, comment: string): string {
  return line.includes('  # ') ? line : `${line}${comment}`;
}

function scalarLines(head: string, node: PlanNode & { value: string | number | boolean }, depth: number): string[] {
  const { value } = node;
  if (typeof value !== 'string' || !value.includes('\n')) return [`${head} ${inBlock(value)}${behind(node)}`];
  if (!isLiteral(value)) return [`${head} ${quoted(value)}${behind(node)}`];
  const chomp = value.endsWith('\n') ? '' : '-';
  const lines = value.replace(/\n$/, '').split('\n');
  return [`${head} |${chomp}${behind(node)}`, ...lines.map((line) => (line === '' ? '' : `${indent(depth)}${line}`))];
}

/** Whether a text survives as a block of its own lines. */
const isLiteral = (text: string): boolean =>
  !/[^\n\x20-\x7e\u00a1-\ud7ff\ue000-\ufefe]|\ufeff/.test(text) &&
  !/^\s|\n\n$|[ \t]$|[ \t]\n/.test(text) &&
  text.trim() !== '';

function behind({ line, note }: { readonly line?: number | undefined; readonly note?: string | undefined }): string {
  const words = [line === undefined ? '' : `line ${line}`, note ?? ''].filter((word) => word !== '');
  return words.length === 0 ? '' : `  # ${words.join(': ').replaceAll(/[^\x20-\x7e\u00a1-\ud7ff]/g, ' ')}`;
}

const indent = (depth: number): string => '  '.repeat(depth);

const keyText = (key: string): string => (/^[A-Za-z_][A-Za-z0-9_-]*$/.test(key) ? stringify(key).trim() : quoted(key));

/** As the library writes it where that stays on one line; else quoted, every letter of it escaped. */
function inBlock(value: string | number | boolean): string {
  if (typeof value !== 'string') return String(value);
  const written = stringify(value, { lineWidth: 0 }).replace(/\n$/, '');
  // Blanks of other scripts are taken for blanks by some readers, and end lines for others.
  const isBare = value === value.trim() && !/[\u2028\u2029]/.test(value);
  return !isBare || written.includes('\n') || /[^\x20-\x7e\u00a1-\ud7ff]/.test(written) || / #|^[|>]/.test(written)
    ? quoted(value)
    : written;
}

const inFlow = (value: string | number | boolean): string =>
  typeof value === 'string' && !/^[A-Za-z_/.][A-Za-z0-9_/.-]*$/.test(value) ? quoted(value) : inBlock(value);

/** YAML's double quotes are those of JSON, but for what JSON leaves as it is. */
const quoted = (text: string): string =>
  JSON.stringify(text).replaceAll(/[\x7f-\xa0\u2028\u2029\ufeff\ud800-\udfff\ufffe\uffff]/g, (letter) => {
    return `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });

const short = (items: readonly PlanNode[]): boolean =>
  items.reduce((length, item) => length + ('value' in item ? String(item.value).length + 2 : 0), 0) <= 90 &&
  items.every((item) => 'value' in item && !String(item.value).includes('\n'));
