import type { Finding, Inspector } from '../../entry.ts';
import { wasm } from './page-checksums.wasm.ts';

/** A page as PostgreSQL is built everywhere. */
export const pageBytes = 8192;

/** What the inspector must know of a file: the number of its first page within the relation. */
export interface AboutPages {
  readonly firstBlock: number;
}

/** Of a page that is not as the server wrote it: its number in the relation, and where in the log its last change claims to be. */
export interface BadPage {
  readonly block: number;
  readonly lsn: bigint;
}

interface Checksums {
  readonly memory: WebAssembly.Memory;
  firstBad(from: number, pages: number, firstBlock: number): number;
}

/** Checks the checksum of every page; the number of the page is part of it, so that a page in the wrong place is bad too. */
export function makeInspector(): Inspector {
  const module = new WebAssembly.Module(Buffer.from(wasm, 'base64'));
  const { memory, firstBad } = new WebAssembly.Instance(module).exports as unknown as Checksums;
  return {
    room: (bytes) => new Uint8Array(memory.buffer, 0, bytes),
    inspect: (piece, offset, about) => {
      const { firstBlock } = about as AboutPages;
      const findings: Finding[] = [];
      // A file that is being extended may end in the middle of a page: replay of the log writes that page.
      const pages = Math.floor(piece.length / pageBytes);
      const first = firstBlock + offset / pageBytes;
      for (let page = firstBad(0, pages, first); page < pages; page = firstBad(page + 1, pages, first)) {
        const seen: BadPage = { block: first + page, lsn: lsnOf(piece, page * pageBytes) };
        findings.push({ offset: offset + page * pageBytes, bytes: pageBytes, seen });
      }
      return findings;
    },
  };
}

/** The first eight bytes of a page: two halves, each in the order of the machine, the high one first. */
function lsnOf(bytes: Uint8Array, at: number): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, 8);
  return (BigInt(view.getUint32(0, true)) << 32n) + BigInt(view.getUint32(4, true));
}
