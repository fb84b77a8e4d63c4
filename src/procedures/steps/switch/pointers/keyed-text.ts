import { parseDocument } from 'yaml';
import { LifeboatError, messageOf } from '../../../../core/index.ts';

/** What stands under `a.b.c` of a JSON or YAML text. Throws `target.unreadable` for a text that is neither, or a group. */
export function readKey(text: string, key: string, path: string): string | undefined {
  const value = documentOf(text, path).getIn(key.split('.'));
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'object') throw unreadable(path, `${key} is a group and no single value`);
  return String(value);
}

/** The text with the value under its key; comments and the order of everything else stay. */
export function writeKey(text: string, key: string, value: string | undefined, path: string): string {
  const keys = key.split('.');
  const document = documentOf(text, path);
  const before: unknown = document.getIn(keys);
  if (value === undefined) document.deleteIn(keys);
  else document.setIn(keys, typed(value, before));
  if (!isJson(path)) return document.toString({ lineWidth: 0 });
  const indent = /^[{[]\s*\n([ \t]+)/.exec(text)?.[1] ?? 2;
  return `${JSON.stringify(document.toJS(), undefined, indent)}${text.endsWith('\n') || text === '' ? '\n' : ''}`;
}

function documentOf(text: string, path: string): ReturnType<typeof parseDocument> {
  if (isJson(path) && text !== '') {
    try {
      JSON.parse(text);
    } catch (error) {
      throw unreadable(path, messageOf(error), error);
    }
  }
  const document = parseDocument(text === '' ? '{}' : text);
  const [problem] = document.errors;
  if (problem !== undefined) throw unreadable(path, problem.message, problem);
  return document;
}

/** A port that was a number stays one. */
function typed(value: string, before: unknown): unknown {
  if (typeof before === 'number' && String(Number(value)) === value) return Number(value);
  if (typeof before === 'boolean' && (value === 'true' || value === 'false')) return value === 'true';
  return value;
}

const isJson = (path: string): boolean => /\.json$/i.test(path);

const unreadable = (path: string, why: string, cause?: unknown): LifeboatError =>
  new LifeboatError('target.unreadable', `${path} cannot be read as settings: ${why}`, { cause });
