import type { EntryHeader, FileStamp } from '../../assets/index.ts';

/** docs/FORMAT.md, "Entry list": what only some entries have, and points of the first days had not. */
type Extras = Pick<EntryHeader, 'user' | 'group' | 'device' | 'attributes' | 'sparse' | 'linked' | 'stamp'>;

/** Without `sparse`, which shows only when a file is read. */
export function writtenExtras(header: EntryHeader): Record<string, unknown> {
  const { user, group, device, attributes, linked, stamp } = header;
  return {
    user,
    group,
    ...(device === undefined ? {} : { device: [device.kind, device.major, device.minor] }),
    ...(attributes === undefined
      ? {}
      : { attributes: attributes.map(([name, value]) => [name, value.toString('base64url')]) }),
    ...(linked === true ? { linked } : {}),
    ...(stamp === undefined ? {} : { stamp: [stamp.changedNs, stamp.inode, stamp.device].filter(isThere).map(String) }),
  };
}

const isThere = <T>(value: T | undefined): value is T => value !== undefined;

/** Undefined for a row that no writer makes. */
export function extrasOf(row: Record<string, unknown>): Extras | undefined {
  const extras: { -readonly [key in keyof Extras]: Extras[key] } = {};
  for (const [name, read] of Object.entries(readers) as [keyof Extras, (value: unknown) => never][]) {
    if (row[name] === undefined) continue;
    const value: never | undefined = read(row[name]);
    if (value === undefined) return undefined;
    extras[name] = value;
  }
  if ((row['type'] === 'device') !== (extras.device !== undefined)) return undefined;
  return extras;
}

const readers = {
  user: textOf,
  group: textOf,
  device: deviceOf,
  attributes: attributesOf,
  sparse: flagOf,
  linked: flagOf,
  stamp: stampOf,
};

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function flagOf(value: unknown): true | undefined {
  return value === true ? true : undefined;
}

function deviceOf(value: unknown): EntryHeader['device'] {
  if (!Array.isArray(value)) return undefined;
  const [kind, major, minor] = value as unknown[];
  if ((kind !== 'character' && kind !== 'block') || !isNumber(major) || !isNumber(minor)) return undefined;
  return { kind, major, minor };
}

const isNumber = (value: unknown): value is number =>
  Number.isInteger(value) && (value as number) >= 0 && (value as number) < 2 ** 32;

function attributesOf(value: unknown): EntryHeader['attributes'] {
  if (!Array.isArray(value)) return undefined;
  const attributes: [string, Buffer][] = [];
  for (const one of value as unknown[]) {
    const [name, bytes] = Array.isArray(one) ? (one as unknown[]) : [];
    if (typeof name !== 'string' || typeof bytes !== 'string' || !/^[\w-]*$/.test(bytes)) return undefined;
    if (name === '' || name.includes('\0')) return undefined;
    attributes.push([name, Buffer.from(bytes, 'base64url')]);
  }
  return attributes;
}

function stampOf(value: unknown): FileStamp | undefined {
  if (!Array.isArray(value) || value.length < 1 || value.length > 3) return undefined;
  if (!value.every((one) => typeof one === 'string' && /^-?\d{1,20}$/.test(one))) return undefined;
  const [changedNs, inode, device] = value.map(BigInt) as [bigint, bigint?, bigint?];
  return { changedNs, ...(inode === undefined ? {} : { inode }), ...(device === undefined ? {} : { device }) };
}
