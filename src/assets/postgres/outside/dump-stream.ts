import { formatBytes, LifeboatError } from '../../../core/index.ts';
import type { KeptStream } from '../../outside.ts';
import { stopIfAsked } from '../../stop.ts';
import { ArchiveReader } from '../logical/index.ts';

/** What a dump says of itself, gathered while it passes. */
export interface DumpSeen {
  readonly format: 'custom' | 'script';
  /** Of the server that was dumped, and of the pg_dump that did it; unknown in some archives. */
  readonly serverMajor: number | undefined;
  readonly dumpMajor: number | undefined;
  /** Made by pg_dumpall: roles and databases are in it. */
  readonly wholeServer: boolean;
  /** Roles that own or may do something and that the dump itself does not make. */
  readonly roles: ReadonlySet<string>;
  /** A script that makes its databases and goes into them. */
  readonly connects: boolean;
  readonly bytes: number;
}

const archiveMagic = 'PGDMP';
/** What kind of script it is stands in the first lines. */
const headBytes = 4096;
const tailBytes = 512;
const lineBytesMax = 64 * 2 ** 10;

/** Reads a dump to its end and says what it is. Throws `asset.corrupt` for one that is not whole, `asset.foreign` for what is none. */
export async function readDump(content: KeptStream, signal?: AbortSignal): Promise<string> {
  const seen = await throughDump(content, async () => {}, signal);
  const what =
    seen.format === 'custom'
      ? 'an archive of pg_dump'
      : seen.wholeServer
        ? 'a script of pg_dumpall'
        : 'a script of pg_dump';
  const of = seen.serverMajor === undefined ? '' : ` of PostgreSQL ${seen.serverMajor}`;
  return `${what}${of}, ${formatBytes(seen.bytes)}, whole to its last line`;
}

/**
 * Hands every piece on, and judges the whole: an archive by its table of contents, a script by its last line, without which a dump that
 * was cut would pass for a shorter one.
 */
export async function throughDump(
  content: KeptStream,
  take: (piece: Uint8Array) => Promise<void>,
  signal: AbortSignal | undefined,
): Promise<DumpSeen> {
  let reader: Archive | Script | undefined;
  let start: Buffer = Buffer.alloc(0);
  let bytes = 0;
  for await (const piece of content.read()) {
    stopIfAsked(signal, `the reading of ${content.name}`);
    bytes += piece.length;
    if (reader === undefined) {
      start = Buffer.concat([start, piece]);
      if (start.length < headBytes && start.length < archiveMagic.length + 6) {
        await take(piece);
        continue;
      }
      reader =
        start.toString('latin1', 0, archiveMagic.length) === archiveMagic ? new Archive() : new Script(content.name);
      reader.push(start);
    } else reader.push(piece);
    await take(piece);
  }
  if (reader === undefined)
    throw new LifeboatError('asset.corrupt', `${content.name} is ${bytes === 0 ? 'empty' : 'no dump'}`, {
      hint: 'A dump that failed behind a pipe leaves an empty file: set -o pipefail, and look at what makes them.',
    });
  return { ...reader.end(), bytes };
}

class Archive {
  readonly #reader = new ArchiveReader({ mayBeCompressed: true });

  push(piece: Uint8Array): void {
    this.#reader.push(piece);
  }

  end(): Omit<DumpSeen, 'bytes'> {
    const { serverVersion, dumpVersion } = this.#reader.end();
    return {
      format: 'custom',
      serverMajor: majorOf(serverVersion),
      dumpMajor: majorOf(dumpVersion),
      wholeServer: false,
      roles: new Set(),
      connects: false,
    };
  }
}

const majorOf = (version: string | undefined): number | undefined => {
  const major = Number.parseInt(version ?? '', 10);
  return Number.isInteger(major) ? major : undefined;
};

const role = String.raw`("(?:[^"]|"")+"|[\w$]+)`;
const owner = new RegExp(String.raw`^ALTER .* OWNER TO ${role};$`);
const grantee = new RegExp(String.raw`^(?:GRANT|REVOKE) .* (?:TO|FROM) ${role}(?: WITH GRANT OPTION)?;$`);
const defaults = new RegExp(String.raw`^ALTER DEFAULT PRIVILEGES FOR ROLE ${role} `);
const made = new RegExp(String.raw`^CREATE ROLE ${role};$`);

/** A script of pg_dump or pg_dumpall: lines of SQL and, between COPY and \., lines of data, which say nothing here. */
export class Script {
  readonly #name: string;
  readonly #roles = new Set<string>();
  readonly #made = new Set<string>();
  #line = '';
  #head = '';
  #tail = '';
  #inData = false;
  #connects = false;
  #serverMajor: number | undefined;
  #dumpMajor: number | undefined;

  constructor(name: string) {
    this.#name = name;
  }

  push(piece: Uint8Array): void {
    // Names may be in any encoding: each byte is a character here, and is one again when it is written.
    const text = Buffer.from(piece.buffer, piece.byteOffset, piece.length).toString('latin1');
    if (this.#head.length < headBytes) this.#head += text.slice(0, headBytes - this.#head.length);
    this.#tail = (this.#tail + text.slice(-tailBytes)).slice(-tailBytes);
    let at = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', at)) {
      this.#take(this.#line + text.slice(at, end));
      this.#line = '';
      at = end + 1;
    }
    // A line of data may be as long as a field: only the start of one could mean something.
    this.#line = (this.#line + text.slice(at)).slice(0, lineBytesMax);
  }

  #take(line: string): void {
    if (this.#inData) {
      if (line === '\\.') this.#inData = false;
      return;
    }
    if (line.startsWith('COPY ') && line.endsWith(' FROM stdin;')) this.#inData = true;
    else if (line.startsWith('ALTER ') || line.startsWith('GRANT ') || line.startsWith('REVOKE ')) {
      const found = owner.exec(line)?.[1] ?? grantee.exec(line)?.[1] ?? defaults.exec(line)?.[1];
      if (found !== undefined) this.#roles.add(unquoted(found));
    } else if (line.startsWith('-- Dumped ')) this.#noteVersion(line);
    else if (line.startsWith('\\connect ')) this.#connects = true;
    else if (line.startsWith('CREATE ROLE ')) this.#made.add(unquoted(made.exec(line)?.[1] ?? ''));
  }

  #noteVersion(line: string): void {
    this.#serverMajor ??= majorOf(/^-- Dumped from database version (\S+)/.exec(line)?.[1]);
    this.#dumpMajor ??= majorOf(/^-- Dumped by pg_dump version (\S+)/.exec(line)?.[1]);
  }

  end(): Omit<DumpSeen, 'bytes'> {
    const wholeServer = this.#head.includes('-- PostgreSQL database cluster dump');
    if (!wholeServer && !this.#head.includes('-- PostgreSQL database dump'))
      throw new LifeboatError('asset.foreign', `${this.#name} is no dump of PostgreSQL`, {
        where: this.#name,
        hint: 'Is it still packed or encrypted? Say under "decode" how it is undone.',
      });
    const last = wholeServer ? '-- PostgreSQL database cluster dump complete' : '-- PostgreSQL database dump complete';
    // Newer ones of one database end with the word that lets psql obey commands again.
    const key = wholeServer ? undefined : /^\\restrict (\S+)$/m.exec(this.#head)?.[1];
    if (!this.#tail.includes(last) || (key !== undefined && !this.#tail.includes(`\n\\unrestrict ${key}\n`)))
      throw new LifeboatError('asset.corrupt', `${this.#name} is cut: its last line is not "${last}"`, {
        where: this.#name,
        hint: 'Use an earlier copy, and look at what makes them: the dump failed, or its disk was full.',
      });
    const roles = new Set([...this.#roles].filter((one) => !this.#made.has(one) && one.toUpperCase() !== 'PUBLIC'));
    return {
      format: 'script',
      serverMajor: this.#serverMajor,
      dumpMajor: this.#dumpMajor,
      wholeServer,
      roles,
      connects: this.#connects,
    };
  }
}

const unquoted = (name: string): string => (name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name);
