import { LifeboatError } from '../../../../core/index.ts';

/** What a dump of one database in PostgreSQL's custom format holds, counted while it flowed by. */
export interface ArchiveContents {
  /** Of the server that was dumped, and of the pg_dump that did it: `15.18 (Debian …)`. */
  readonly serverVersion: string;
  readonly dumpVersion: string;
  /** Entries of the table of contents by their kind: `{ TABLE: 12, 'TABLE DATA': 12, INDEX: 20, … }`. */
  readonly entries: Readonly<Record<string, number>>;
  /** Rows of each table, by the number of the table in its source; none of an archive that is compressed. */
  readonly rows: readonly { readonly oid: number; readonly rows: number }[];
  readonly sequences: readonly SequenceValue[];
  readonly largeObjects: number;
  readonly bytes: number;
  /** Where the table of contents says where an entry's data is, and where that is: a dump through a pipe leaves it open. */
  readonly places: readonly { readonly noteAt: number; readonly dataAt: number }[];
}

export interface SequenceValue {
  readonly schema: string;
  readonly name: string;
  /** As text: a sequence is a 64-bit number. */
  readonly value: string;
  readonly called: boolean;
}

/** One line of the table of contents, as far as it is of use here. */
export interface TocEntry {
  readonly id: number;
  readonly oid: number;
  readonly kind: string;
  readonly hasData: boolean;
  /** Offset of the byte that says whether the place of the data is known; the place follows it. */
  readonly noteAt: number;
}

/** How the table of contents says that the place of an entry's data is known, or that it has none. */
export const placeKnown = 2;
export const noData = 3;

export const incomplete = (where: string): LifeboatError =>
  new LifeboatError('asset.corrupt', `the dump is not whole: it ends ${where}`, {
    hint: 'Take a new point. If it happens again, run pg_dump by hand and look at what it says.',
  });

export const unreadable = (why: string): LifeboatError =>
  new LifeboatError('asset.corrupt', `the dump cannot be read: ${why}`, {
    hint: 'Dumps of pg_dump 12 to 18 can be read. Is that program really PostgreSQL’s own?',
  });
