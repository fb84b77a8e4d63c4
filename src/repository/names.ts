import { isTimeId } from '../core/index.ts';

/** Names of every object of a repository in its store, and back. */
export const headerName = 'repository';
export const copyOf = (name: string): string => `${name}.copy`;
export const keyName = (id: string): string => `keys/${id}`;
export const packName = (id: string): string => `packs/${id.slice(0, 2)}/${id}`;
export const indexName = (id: string): string => `index/${id}`;
export const pointName = (id: string): string => `points/${id}`;
export const sessionName = (id: string): string => `sessions/${id}`;

export interface NamedObject {
  readonly kind: 'header' | 'key' | 'pack' | 'index' | 'point' | 'session' | 'foreign';
  /** What follows the folder, without `.copy`; '' for the header and for what is foreign. */
  readonly id: string;
  readonly copy: boolean;
}

/** What an object is, by its name alone. A name that no writer gives is `foreign`. */
export function objectOfName(name: string): NamedObject {
  const copy = name.endsWith('.copy');
  const base = copy ? name.slice(0, -'.copy'.length) : name;
  if (base === headerName) return { kind: 'header', id: '', copy };
  const [folder, first, second, ...rest] = base.split('/');
  const foreign: NamedObject = { kind: 'foreign', id: '', copy: false };
  if (first === undefined || rest.length > 0) return foreign;
  if (folder === 'packs' && second !== undefined && !copy) {
    return isHexId(second) && second.startsWith(first) && first.length === 2
      ? { kind: 'pack', id: second, copy: false }
      : foreign;
  }
  if (second !== undefined) return foreign;
  if (folder === 'keys' && isTimeId(first)) return { kind: 'key', id: first, copy };
  if (copy) return foreign;
  if (folder === 'index' && isHexId(first)) return { kind: 'index', id: first, copy };
  if (folder === 'points' && isTimeId(first)) return { kind: 'point', id: first, copy };
  if (folder === 'sessions' && isTimeId(first)) return { kind: 'session', id: first, copy };
  return foreign;
}

const isHexId = (text: string): boolean => /^[0-9a-f]{32}$/.test(text);
