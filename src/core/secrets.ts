import { inspect } from 'node:util';

/**
 * A value that must not be seen: printing, logging, JSON and string conversion show `[secret]`. Only `reveal` gives it,
 * at the point of use. Revealed texts are remembered so that `redact` can take them out of anything that is about to be shown.
 */
export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
    remember(text);
  }

  reveal(): string {
    return this.#text;
  }

  toString(): string {
    return '[secret]';
  }

  toJSON(): string {
    return '[secret]';
  }

  [inspect.custom](): string {
    return '[secret]';
  }
}

/** Shorter values are left alone: taking a common word such as "pass" out of everything would hide the log, not the secret. */
const shortestRedacted = 8;
const known = new Set<string>();

function remember(text: string): void {
  // The password inside a URL is a secret of its own: drivers print it apart from its URL.
  const password = passwordOf(text);
  const passwords = password === undefined ? [] : [password, decoded(password)];
  // A key of several lines is printed line by line, and a secret inside JSON is printed with its escapes.
  for (const one of [text, ...text.split(/\r?\n/), ...passwords]) {
    for (const shown of [one, JSON.stringify(one).slice(1, -1)]) {
      if (shown.length >= shortestRedacted) known.add(shown);
    }
  }
}

function decoded(password: string): string {
  try {
    return decodeURIComponent(password);
  } catch {
    return password; // it holds a bare %, so nobody wrote it encoded
  }
}

function passwordOf(text: string): string | undefined {
  const match = /^[a-z][a-z0-9+.-]*:\/\/[^:/?#@]*:([^@]+)@/i.exec(text);
  return match?.[1];
}

/** The text without any secret known to this process, nor any password inside a URL. */
export function redact(text: string): string {
  let shown = text;
  for (const secret of [...known].sort((a, b) => b.length - a.length)) shown = shown.replaceAll(secret, '[secret]');
  // A bounded scheme keeps the time linear: without the bound every start in a long word is followed to its end.
  return shown.replaceAll(/([a-z][a-z0-9+.-]{0,30}:\/\/[^:/?#@\s]*:)[^@/\s]+@/gi, '$1[secret]@');
}

/** Plain data (JSON's kinds) with every string in it redacted, keys included; for the journal and reports. */
export function redactData<T>(data: T): T {
  return redactValue(data) as T;
}

function redactValue(value: unknown): unknown {
  if (typeof value === 'string') return redact(value);
  if (Array.isArray(value)) return value.map(redactValue);
  if (typeof value !== 'object' || value === null) return value;
  if ('toJSON' in value && typeof value.toJSON === 'function') return redactValue(value.toJSON());
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [redact(key), redactValue(part)]));
}
