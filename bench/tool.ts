import type { Stopwatch } from './measure.ts';
import type { ServerUser } from '../src/assets/postgres/server/index.ts';

/** The works in the order they are done and shown. */
export const works = [
  'full',
  'second',
  'scattered',
  'restore',
  'verify',
  'ten',
  'ten-restore',
  'files-full',
  'files-second',
  'files-same',
  'files-restore',
  'sqlite-full',
  'sqlite-second',
  'sqlite-restore',
  'memory-full',
  'memory-verify',
  'memory-restore',
  's3-full',
  's3-second',
  's3-restore',
  's3-verify',
  'prune',
  'wal-async',
  'wal-sync',
  'wal-fetch',
  'loss',
  'loss-s3',
  'loss-s3-1s',
  'start',
  'check',
] as const;
export type Work = (typeof works)[number];

/** A variant of a tool has its name and a word more: `lifeboat 300 MB`. */
export const isOurs = (tool: string): boolean => tool.split(' ')[0] === 'lifeboat';

/** One run of one tool. */
export interface Sample {
  readonly tool: string;
  readonly work: Work;
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakBytes: number;
  /** What the work added to the repository. */
  readonly storedBytes?: number;
  /** How much of people's data it was. */
  readonly plainBytes?: number;
}

/** What did not happen, and why. */
export interface Omission {
  readonly tool: string;
  readonly work?: Work;
  readonly reason: string;
  /** It was tried and went wrong; without this it was left out. */
  readonly failed: boolean;
}

/** The server that is backed up. */
export interface PostgresSource {
  readonly dataFolder: string;
  readonly port: number;
  readonly password: string;
  readonly url: string;
  readonly socketFolder: string;
  readonly serverPid: number;
  readonly user: ServerUser | undefined;
  /** While this file holds the path of a pgBackRest configuration, finished log goes to its repository, else nowhere. */
  readonly archivingFile: string;
  readonly signal: AbortSignal;
}

export interface RestoredServer {
  readonly url: string;
  stop(): Promise<void>;
}

export interface PostgresTool {
  readonly name: string;
  /** The program it needs, as named in packages.ts. */
  readonly program?: string;
  /** It is so slow that once is enough, in a run whose other figures are medians. */
  readonly onlyOnce?: boolean;
  /** Makes an empty repository in a folder that exists and is empty; nobody's time. */
  prepare(folder: string, source: PostgresSource): Promise<PostgresRepository>;
}

export interface PostgresRepository {
  /** What counts as stored. */
  readonly folder: string;
  /** `first`: into an empty repository. */
  backup(stopwatch: Stopwatch, first: boolean): Promise<void>;
  /** Whether a second backup stores or reads less than the first; if not it is not taken. */
  readonly takesChanges: boolean;
  /** Reads every byte of the repository. Returns how many bytes of the source that was, if it says so. */
  verify?(stopwatch: Stopwatch): Promise<number | undefined>;
  /** From the newest backup to a server that answers over the network, in a folder that does not exist. */
  restore?(stopwatch: Stopwatch, target: string): Promise<RestoredServer>;
}

/** A tool for folders and files. */
export interface TreeTool {
  readonly name: string;
  readonly program?: string;
  /** Makes an empty repository in a folder that exists and is empty; nobody's time. */
  prepare(folder: string, source: string, signal: AbortSignal): Promise<TreeRepository>;
}

export interface TreeRepository {
  readonly folder: string;
  backup(stopwatch: Stopwatch): Promise<void>;
  /** Reads every byte of the repository. */
  verify?(stopwatch: Stopwatch): Promise<void>;
  /** Into a folder that exists and is empty. Returns where the tree is then. */
  restore(stopwatch: Stopwatch, target: string): Promise<string>;
}

/** Where a tool may make a repository: a bucket of its own. */
export interface Bucket {
  readonly endpoint: string;
  readonly name: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** A tool for folders whose repository is a bucket. */
export interface BucketTool {
  readonly name: string;
  readonly program?: string;
  /** Makes an empty repository; what the tool keeps beside it goes into `folder`. Nobody's time. */
  prepare(folder: string, source: string, bucket: Bucket, signal: AbortSignal): Promise<BucketRepository>;
}

export interface BucketRepository {
  backup(stopwatch: Stopwatch): Promise<void>;
  /** Reads every byte of the repository. */
  verify(stopwatch: Stopwatch): Promise<void>;
  /** Into a folder that exists and is empty. Returns where the tree is then. */
  restore(stopwatch: Stopwatch, target: string): Promise<string>;
}
