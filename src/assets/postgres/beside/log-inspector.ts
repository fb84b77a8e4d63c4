import type { Finding, Inspector } from '../../entry.ts';
import { pageBytes } from '../pages/page-inspector.ts';

/** Where in the server's log a segment starts and ends, and up to where the backup needs the log: byte positions. */
export interface AboutLog {
  readonly startsAt: bigint;
  readonly endsAt: bigint;
  readonly neededTo: bigint;
}

/**
 * Every page of the log says where it stands. One that says something else was left over from an older segment, or written for a
 * newer one: a server that recycles its log too early would otherwise give a backup that cannot be replayed.
 */
export function makeInspector(): Inspector {
  let room = new Uint8Array(0);
  return {
    room: (bytes) => (room.length < bytes ? (room = new Uint8Array(bytes)) : room),
    inspect: (piece, offset, about) => {
      const { startsAt, endsAt, neededTo } = about as AboutLog;
      const view = new DataView(piece.buffer, piece.byteOffset, piece.length);
      const findings: Finding[] = [];
      for (let at = 0; at + pageBytes <= piece.length; at += pageBytes) {
        const position = startsAt + BigInt(offset + at);
        if (position >= neededTo) break;
        // XLogPageHeaderData: magic, flags, timeline, then the address of the page.
        const address = view.getBigUint64(at + 8, true);
        if (address === position) continue;
        // A server that was told to begin the next segment fills this one with zeros.
        if (address === 0n && view.getUint16(at, true) === 0 && endsAt <= neededTo) continue;
        findings.push({ offset: offset + at, bytes: pageBytes, seen: position });
      }
      return findings;
    },
  };
}
