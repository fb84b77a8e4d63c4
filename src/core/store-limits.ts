/** Bounds of stores, and of places where others keep their copies, each with its reason; a part of `limits`. */
export const storeLimits = {
  /** A store that failed so often in a row for one object is down, not unlucky. */
  storeAttemptsMax: 6,
  /** The first wait before an operation on a store is repeated, and the longest: each is twice the last, less some chance. */
  storeRetryMs: 200,
  storeRetryMsMax: 20_000,
  /** One operation on a store, with all its attempts: a full pack over the thinnest line that is of use takes this long. */
  storeOperationMs: 600_000,
  /** A server of objects that neither takes nor gives a byte for so long is gone; joining a thousand parts may take it most of that. */
  storeSilenceMs: 60_000,
  /** Connections to one server of objects: as many as objects are read at once, and what is written meanwhile. */
  storeConnectionsMax: 24,
  /** Larger objects go up and come down in parts of this size, several at once: a broken one costs little. */
  storePartBytes: 16 * 2 ** 20,
  storePartsAtOnce: 4,
  /** So long a point is listed from what the folder of state keeps of it; then it is read again, that damage in the store shows. */
  pointCacheMs: 24 * 3_600_000,
  /** A thawed copy that freezes again sooner is not begun with: a verification may read it an hour later. */
  thawedLeastMs: 3_600_000,
  /** Small objects of others that are read at once, such as the description of each backup. */
  othersReadAtOnce: 8,
  /** A list that another tool keeps beside its backups, unpacked: a hundred times what a large cluster has. */
  othersListBytesMax: 256 * 2 ** 20,
  /** A backup of Velero that says it is running for longer hangs: its own longest wait is four hours. */
  veleroRunningMs: 24 * 3_600_000,
  /** Parts of a copy of others that are fetched ahead of who reads it: the line is busy, and memory stays below four parts. */
  storePartsAhead: 3,
  /** A part, or a page of a listing, is tried so often before the whole operation counts as failed. */
  storePartAttemptsMax: 3,
  /** An answer in XML: a page of a thousand names of the longest kind is a tenth of this. */
  storeAnswerBytesMax: 16 * 2 ** 20,
  /** An object that is read into memory: more than any document may have. */
  storeObjectBytesMax: 2 ** 30,
  /** Versions that are remembered while a bucket's past is read: a terabyte in packs, some tens of megabytes. */
  pastObjectsKept: 65_536,
  /** Bodies that end early are gone on with behind what came, so often without one that brought nothing. */
  storeResumesMax: 20,
  /** Clocks further apart than this, and the server says no: the difference is the likely reason, and is corrected. */
  storeSkewMs: 240_000,
} as const;
