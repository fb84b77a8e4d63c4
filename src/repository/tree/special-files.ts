import type { StoredEntry } from '../../assets/index.ts';
import {
  deviceNumber,
  messageOf,
  systemCalls,
  systemCallsPackage,
  systemCodeOf,
  systemPath,
} from '../../core/index.ts';
import type { Dresser } from './dress.ts';

const typeBits = { fifo: 0o010000, character: 0o020000, block: 0o060000 } as const;

/** A pipe or a device. Where this user or this system may not make one, the restore says so and goes on. */
export function makeSpecial(path: string, entry: StoredEntry, dresser: Dresser): void {
  const calls = systemCalls();
  const { device } = entry;
  if (calls === undefined) return dresser.refuse(entry, `a ${entry.type} cannot be made without ${systemCallsPackage}`);
  try {
    const number = device === undefined ? 0n : deviceNumber(device.major, device.minor);
    calls.makeNode(systemPath(path), typeBits[device?.kind ?? 'fifo'] | 0o600, number);
  } catch (error) {
    if (systemCodeOf(error) === 'EEXIST') throw error;
    return dresser.refuse(entry, `a ${entry.type} could not be made (${messageOf(error)})`);
  }
  dresser.path(path, entry);
}
