import { getSystemErrorName } from 'node:util';
import { loadPackage } from './own-module.ts';

/**
 * What the system can do with files and Node has no call for: extended attributes, holes, times to the nanosecond, pipes and
 * devices, names of users, one sync for a whole file system. Paths are bytes or text; every failure is an `Error` whose `code` is the system's
 * name of it (`ENOTSUP`, `EPERM`, …), as Node's own have it.
 */
export interface SystemCalls {
  /** The names of the extended attributes of a path itself (a link is not followed). */
  attributeNames(path: string | Buffer): Buffer[];
  attribute(path: string | Buffer, name: Buffer): Buffer;
  setAttribute(path: string | Buffer, name: Buffer, value: Buffer): void;
  setFileAttribute(file: number, name: Buffer, value: Buffer): void;
  /** Where the next data begins, at or after `offset`; undefined when only a hole follows. Moves the file's own position. */
  nextData(file: number, offset: number): number | undefined;
  /** Where the next hole begins, at or after `offset`; the end of the file is one. */
  nextHole(file: number, offset: number): number;
  /** Sets both times of an open file, or of a path itself. */
  setFileTimes(file: number, ns: bigint): void;
  setTimes(path: string | Buffer, ns: bigint): void;
  /** Everything written to the file system of this open file is durable afterwards. */
  syncFileSystem(file: number): void;
  /** `mode` with its type bits. */
  makeNode(path: string | Buffer, mode: number, device: bigint): void;
  userName(uid: number): string | undefined;
  groupName(gid: number): string | undefined;
  userId(name: string): number | undefined;
  groupId(name: string): number | undefined;
  /** The C library gives memory that was freed back to the system; does nothing where it cannot. Costs milliseconds. */
  giveBackFreed(): void;
  /**
   * From this size on (bytes, at most 32 MiB) the C library takes each block of memory from the system and gives it back when it is freed, instead of
   * keeping it for blocks that may fit into it; of smaller ones it gives back what is free at the end of its heap and twice as much. Does nothing where
   * it cannot.
   */
  mapBlocksFrom(bytes: number): void;
}

let opened: SystemCalls | undefined | 'untried' = 'untried';

/** Undefined where they cannot be had: on other systems than Linux, and where npm left out what is optional. */
export function systemCalls(): SystemCalls | undefined {
  if (opened !== 'untried') return opened;
  opened = undefined;
  if (process.platform === 'linux') opened = open();
  return opened;
}

/**
 * Ends the process here and now where these calls were used, and does nothing where they were not. The package they come with syncs standard output
 * when a process ends, and waits for ever where that fails: a report on a full disk would never be over.
 */
export function leaveAtOnce(exitCode: number): void {
  leave?.(exitCode);
}

let leave: ((exitCode: number) => void) | undefined;

/** What is missing where there are none, for people. */
export const systemCallsPackage = 'the optional npm package koffi-linux-x64 (or -arm64), on Linux';

type Call = (...values: unknown[]) => number;
interface Library {
  func(definition: string): Call & ((...values: unknown[]) => unknown);
}
interface Koffi {
  load(path: null): Library;
  errno(): number;
  struct(name: string, fields: Record<string, string>): unknown;
  decode(pointer: unknown, type: string): Record<string, unknown>;
}

function open(): SystemCalls | undefined {
  try {
    const koffi = loadPackage(`koffi-linux-${process.arch}`, import.meta.url) as Koffi;
    return bind(koffi);
  } catch {
    // An optional package that is not there, or a C library without one of the calls: whoever asks does without and says so.
    return undefined;
  }
}

const signatures = {
  llistxattr: 'int64_t llistxattr(const uint8_t *path, _Out_ uint8_t *list, size_t size)',
  lgetxattr: 'int64_t lgetxattr(const uint8_t *path, const uint8_t *name, _Out_ uint8_t *value, size_t size)',
  lsetxattr: 'int lsetxattr(const uint8_t *path, const uint8_t *name, const uint8_t *value, size_t size, int flags)',
  fsetxattr: 'int fsetxattr(int file, const uint8_t *name, const uint8_t *value, size_t size, int flags)',
  lseek: 'int64_t lseek(int file, int64_t offset, int whence)',
  futimens: 'int futimens(int file, const int64_t *times)',
  utimensat: 'int utimensat(int folder, const uint8_t *path, const int64_t *times, int flags)',
  syncfs: 'int syncfs(int file)',
  mknod: 'int mknod(const uint8_t *path, uint32_t mode, uint64_t device)',
  getpwuid: 'LifeboatUser *getpwuid(uint32_t uid)',
  getgrgid: 'LifeboatGroup *getgrgid(uint32_t gid)',
  getpwnam: 'LifeboatUser *getpwnam(const char *name)',
  getgrnam: 'LifeboatGroup *getgrnam(const char *name)',
} as const;

const [seekData, seekHole] = [3, 4];
/** M_TRIM_THRESHOLD and M_MMAP_THRESHOLD of malloc.h. */
const [trimThreshold, mapThreshold] = [-1, -3];
const [currentFolder, noFollow] = [-100, 0x100];
/** The system's own bounds of a list of names and of one value. */
const attributeBytesMax = 64 * 2 ** 10;

function bind(koffi: Koffi): SystemCalls {
  const library = koffi.load(null);
  leave = library.func('void _exit(int code)');
  const person = { name: 'const char *', password: 'const char *', id: 'uint32_t' };
  koffi.struct('LifeboatUser', person);
  koffi.struct('LifeboatGroup', person);
  const call = Object.fromEntries(
    Object.entries(signatures).map(([name, signature]) => [name, library.func(signature)]),
  ) as Record<keyof typeof signatures, Call>;
  const must = (name: keyof typeof signatures, ...values: unknown[]): number => {
    const result = call[name](...values);
    if (result >= 0) return result;
    throw systemError(name, koffi.errno());
  };
  const trim = ofGnu(library, 'int malloc_trim(size_t pad)');
  const setOption = ofGnu(library, 'int mallopt(int option, int value)');
  const room = Buffer.allocUnsafeSlow(attributeBytesMax);
  const seek = (file: number, offset: number, whence: number): number | undefined => {
    try {
      return must('lseek', file, offset, whence);
    } catch (error) {
      if ((error as { code?: string }).code === 'ENXIO') return undefined;
      throw error;
    }
  };
  const lookUp = (name: 'getpwuid' | 'getgrgid' | 'getpwnam' | 'getgrnam', key: string | number) => {
    const found = call[name](key) as unknown;
    if (found === null) return undefined;
    return koffi.decode(found, name.startsWith('getpw') ? 'LifeboatUser' : 'LifeboatGroup') as unknown as {
      name: string;
      id: number;
    };
  };
  return {
    attributeNames: (path) => namesIn(room.subarray(0, must('llistxattr', ended(path), room, room.length))),
    attribute: (path, name) =>
      Buffer.from(room.subarray(0, must('lgetxattr', ended(path), ended(name), room, room.length))),
    setAttribute: (path, name, value) => void must('lsetxattr', ended(path), ended(name), value, value.length, 0),
    setFileAttribute: (file, name, value) => void must('fsetxattr', file, ended(name), value, value.length, 0),
    nextData: (file, offset) => seek(file, offset, seekData),
    nextHole: (file, offset) => seek(file, offset, seekHole) ?? offset,
    setFileTimes: (file, ns) => void must('futimens', file, timesOf(ns)),
    setTimes: (path, ns) => void must('utimensat', currentFolder, ended(path), timesOf(ns), noFollow),
    syncFileSystem: (file) => void must('syncfs', file),
    makeNode: (path, mode, device) => void must('mknod', ended(path), mode, device),
    userName: (uid) => lookUp('getpwuid', uid)?.name,
    groupName: (gid) => lookUp('getgrgid', gid)?.name,
    userId: (name) => lookUp('getpwnam', name)?.id,
    groupId: (name) => lookUp('getgrnam', name)?.id,
    giveBackFreed: () => void trim?.(0),
    mapBlocksFrom: (bytes) => {
      // Who sets one of them ends what the library does by itself, which is to keep the other at twice as much: at its least, each large block
      // that is freed would go back to the system although it is below the one that was set.
      setOption?.(trimThreshold, 2 * bytes);
      setOption?.(mapThreshold, bytes);
    },
  };
}

/** Only the GNU library has these. */
function ofGnu(library: Library, signature: string): Call | undefined {
  try {
    return library.func(signature);
  } catch {
    return undefined;
  }
}

const times = new BigInt64Array(4);

/** The same time for access and modification. A remainder is never negative, before 1970 either. */
function timesOf(ns: bigint): BigInt64Array {
  const rest = ((ns % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
  const seconds = (ns - rest) / 1_000_000_000n;
  times.set([seconds, rest, seconds, rest]);
  return times;
}

/** Paths are asked for one after the other: their bytes need no memory of their own. */
const pathRoom = Buffer.alloc(16 * 2 ** 10);

/** A zero byte ends a text of C. The bytes of a text are good until the next call. */
function ended(text: string | Buffer): Buffer {
  if (typeof text !== 'string') return Buffer.concat([text, Buffer.alloc(1)]);
  if (text.length * 3 >= pathRoom.length) return Buffer.from(`${text}\0`);
  pathRoom[pathRoom.write(text)] = 0;
  return pathRoom;
}

function namesIn(list: Buffer): Buffer[] {
  const names: Buffer[] = [];
  for (let start = 0; start < list.length;) {
    const end = list.indexOf(0, start);
    names.push(Buffer.from(list.subarray(start, end)));
    start = end + 1;
  }
  return names;
}

function systemError(call: string, number: number): Error {
  const code = getSystemErrorName(-number);
  return Object.assign(new Error(`${code}: ${call}`), { code });
}
