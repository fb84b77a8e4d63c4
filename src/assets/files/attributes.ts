import { limits, nameOfBytes, systemCalls, systemCodeOf, systemPath } from '../../core/index.ts';
import type { EntryHeader } from '../entry.ts';

/** Reads extended attributes, access lists among them. */
export class AttributeReader {
  readonly #calls = systemCalls();
  /** File systems without attributes, by their numbers: they need not be asked again for each file. */
  readonly #without = new Set<bigint>();
  readonly #note: (path: string, what: string) => void;

  constructor(note: (path: string, what: string) => void) {
    this.#note = note;
  }

  /** Whether attributes can be read at all here. */
  get works(): boolean {
    return this.#calls !== undefined;
  }

  /** Undefined where there are none. `path` is for people, `file` where it is. */
  read(path: string, file: string, device: bigint): EntryHeader['attributes'] {
    if (this.#calls === undefined || this.#without.has(device)) return undefined;
    const place = systemPath(file);
    try {
      const names = this.#calls.attributeNames(place);
      if (names.length === 0) return undefined;
      const attributes: [string, Buffer][] = [];
      let bytes = 0;
      for (const name of names) {
        const value = this.#calls.attribute(place, name);
        bytes += name.length + value.length;
        if (bytes <= limits.attributeBytesMax) attributes.push([nameOfBytes(name), value]);
        else this.#note(path, `has too many attributes: ${nameOfBytes(name)} is not in the point`);
      }
      return attributes;
    } catch (error) {
      const code = systemCodeOf(error) ?? '';
      if (code === 'ENOTSUP') this.#without.add(device);
      // What went away since it was seen is found out by whoever reads it.
      else if (!['ENOENT', 'ENOTDIR', 'ENODATA'].includes(code))
        this.#note(path, `has attributes that could not be read (${code}) and are not in the point`);
      return undefined;
    }
  }
}
