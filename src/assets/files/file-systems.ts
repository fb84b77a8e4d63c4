import { closeSync, openSync, readSync, statfsSync } from 'node:fs';
import { systemPath } from '../../core/index.ts';

/** What the kernel shows of itself as files: endless, different each time, and nothing that could be restored. */
const shownByKernel: ReadonlyMap<number, string> = new Map([
  [0x9fa0, 'proc'],
  [0x62656572, 'sysfs'],
  [0x1cd1, 'devpts'],
  [0x27e0eb, 'cgroup'],
  [0x63677270, 'cgroup2'],
  [0x64626720, 'debugfs'],
  [0x74726163, 'tracefs'],
  [0x73636673, 'securityfs'],
  [0x6165676c, 'pstore'],
  [0xcafe4a11, 'bpf'],
  [0x62656570, 'configfs'],
  [0xf97cff8c, 'selinuxfs'],
  [0x42494e4d, 'binfmt_misc'],
  [0xde5e81e4, 'efivarfs'],
  [0x65735543, 'fusectl'],
  [0x67596969, 'rpc_pipefs'],
  [0x19800202, 'mqueue'],
]);

/** The name of the kernel's own file system at this folder; undefined for one that holds data. Throws the system's errors. */
export const kernelFileSystem = (folder: string): string | undefined =>
  shownByKernel.get(statfsSync(systemPath(folder)).type >>> 0);

export const cacheTag = 'CACHEDIR.TAG';
const cacheSignature = 'Signature: 8a477f597d28d172789f06886806bc55';

/** Whether this file says that its folder holds what can be made again (bford.info/cachedir). Throws the system's errors. */
export function isCacheTag(path: string): boolean {
  const file = openSync(systemPath(path), 'r');
  try {
    const start = Buffer.alloc(cacheSignature.length);
    return readSync(file, start, 0, start.length, 0) === start.length && start.toString('latin1') === cacheSignature;
  } finally {
    closeSync(file);
  }
}
