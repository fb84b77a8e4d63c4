import { isAbsolute } from 'node:path';
import { LifeboatError, Secret } from '../../../../core/index.ts';
import type { SettingsFiles } from '../../../hands/files.ts';
import { keptInJournal, mustSay, type Image, type Pointer } from '../pointer.ts';
import { readEnvLine, writeEnvLine } from '../../../hands/env-lines.ts';
import { readKey, writeKey } from './keyed-text.ts';

/** Whoever turns settings may hand out a password: files that we make are for their owner alone. */
const privateMode = 0o600;

/** A value inside a text: how it is found, and what the text is with another one. */
interface Form {
  read(text: string): string | undefined;
  write(text: string | undefined, value: string | undefined): string;
}

/** `{ env: NAME, file: PATH }`: a line `NAME=value`. */
export const envPointer = (files: SettingsFiles, path: string, name: string): Pointer =>
  filePointer(files, path, `${name} in ${path}`, {
    read: (text) => readEnvLine(text, name),
    write: (text, value) => writeEnvLine(text ?? '', name, value),
  });

/** `{ file: PATH, key: a.b }`: a value in a JSON or YAML file. */
export const keyPointer = (files: SettingsFiles, path: string, key: string): Pointer =>
  filePointer(files, path, `${key} in ${path}`, {
    read: (text) => readKey(text, key, path),
    write: (text, value) => writeKey(text ?? '', key, value, path),
  });

/** `{ file: PATH }`: the whole file is the value, with or without a newline at its end. */
export const wholeFilePointer = (files: SettingsFiles, path: string): Pointer =>
  filePointer(files, path, path, {
    read: (text) => text.replace(/\r?\n$/, ''),
    write: (text, value = '') => (text === undefined || text.endsWith('\n') ? `${value}\n` : value),
  });

function filePointer(files: SettingsFiles, path: string, shown: string, form: Form): Pointer {
  const read = async (): Promise<{ text: string | undefined; value: string | undefined }> => {
    const text = await files.read(path);
    const value = text === undefined ? undefined : form.read(text);
    if (value !== undefined) remembered(value);
    return { text, value };
  };
  const pointer: Pointer = {
    shown,
    isSecret: true,
    read: async () => (await read()).value,
    normal: async (value) => form.read(form.write(undefined, value)) ?? value,
    set: async (from, to) => {
      const { text, value } = await read();
      mustSay(pointer, value, from);
      await files.write(path, form.write(text, to), privateMode);
    },
    keep: async (key, image) => {
      const reference = `${path}.before-${key.replaceAll('/', '-')}`;
      await files.write(reference, `${JSON.stringify(image)}\n`, privateMode);
      return reference;
    },
    kept: async (reference) => {
      const text = await files.read(reference);
      return text === undefined ? undefined : imageOf(text, reference);
    },
  };
  return pointer;
}

/** `{ link: PATH }`: a symbolic link. */
export function linkPointer(files: SettingsFiles, path: string): Pointer {
  const pointer: Pointer = {
    shown: `the link ${path}`,
    isSecret: false,
    read: () => files.readLink(path),
    normal: async (value) => value,
    set: async (from, to) => {
      mustSay(pointer, await files.readLink(path), from);
      if (to === undefined) await files.remove(path);
      else await files.writeLink(path, to);
    },
    ...keptInJournal,
  };
  return pointer;
}

/** `{ flag: PATH }`: `on` while the file is there. A service that looks for it goes into its read-only mode, for example. */
export function flagPointer(files: SettingsFiles, path: string): Pointer {
  const read = async (): Promise<string> => ((await files.read(path)) === undefined ? 'off' : 'on');
  const pointer: Pointer = {
    shown: `the flag ${path}`,
    isSecret: false,
    read,
    normal: async (value) => {
      if (value === 'on' || value === 'off') return value;
      throw new LifeboatError('plan.invalid', `a flag is on or off, not ${JSON.stringify(value)}`);
    },
    set: async (from, to) => {
      mustSay(pointer, await read(), from);
      if (to === 'on') await files.write(path, 'on\n', 0o644);
      else await files.remove(path);
    },
    ...keptInJournal,
  };
  return pointer;
}

/** Nothing that was read is shown by accident; short words are not taken out of everything. */
function remembered(value: string): void {
  if (isAbsolute(value)) return; // a path is no secret, and many lines name it
  void new Secret(value);
}

function imageOf(text: string, reference: string): Image {
  try {
    const { before, after } = JSON.parse(text) as Partial<Image>;
    if (before !== undefined && after !== undefined) return { before, after };
  } catch {
    // It was cut or changed by somebody: said below.
  }
  throw new LifeboatError('target.unreadable', `${reference} does not hold what was kept there`);
}
