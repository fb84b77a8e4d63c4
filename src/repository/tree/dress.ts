import { chmodSync, fchmodSync, fchownSync, futimesSync, lchownSync, lstatSync, lutimesSync, statSync } from 'node:fs';
import type { StoredEntry } from '../../assets/index.ts';
import {
  bytesOfName,
  limits,
  messageOf,
  shownName,
  systemCalls,
  systemCallsPackage,
  systemCodeOf,
  systemPath,
} from '../../core/index.ts';

/** Gives what was restored its owner, attributes, mode and times, and keeps count of what this system refused. */
export class Dresser {
  readonly #owner: { uid: number; gid: number } | undefined;
  readonly #mayGiveAway = process.geteuid?.() === 0;
  readonly #made: { uid: number; gid: number } | undefined;
  readonly #calls = systemCalls();
  readonly #refused: string[] = [];
  #refusals = 0;
  readonly #users = new Map<string, number | undefined>();
  readonly #groups = new Map<string, number | undefined>();

  /** `owner`: for every entry instead of its own. `root`: the folder that all is made in. */
  constructor(owner: { uid: number; gid: number } | undefined, root: string) {
    this.#owner = owner;
    this.#made = ownerOfNew(root);
  }

  warnings(): string[] {
    const more = this.#refusals - this.#refused.length;
    return more === 0 ? this.#refused : [...this.#refused, `${more} more could not be given back as they were`];
  }

  /** Owner first: changing it takes away the bits that make a program run as another, and its capabilities. */
  file(file: number, entry: StoredEntry): void {
    const owner = this.#ownerOf(entry);
    if (owner !== undefined && (owner.uid !== this.#made?.uid || owner.gid !== this.#made.gid))
      fchownSync(file, owner.uid, owner.gid);
    this.#attributes(entry, (name, value) => this.#calls?.setFileAttribute(file, name, value));
    fchmodSync(file, entry.mode);
    if (this.#calls === undefined) futimesSync(file, seconds(entry), seconds(entry));
    else this.#calls.setFileTimes(file, entry.modifiedNs);
  }

  /** Whatever is not a file. A link has no mode of its own. */
  path(path: string, entry: StoredEntry): void {
    const place = systemPath(path);
    const owner = this.#ownerOf(entry);
    if (owner !== undefined) lchownSync(place, owner.uid, owner.gid);
    this.#attributes(entry, (name, value) => this.#calls?.setAttribute(place, name, value));
    if (entry.type !== 'symlink') chmodSync(place, entry.mode);
    if (this.#calls === undefined) lutimesSync(place, seconds(entry), seconds(entry));
    else this.#calls.setTimes(place, entry.modifiedNs);
  }

  /**
   * Makes a folder ours again that was dressed, so that more can be written into it; returns what it had, to dress it again. Not every root may
   * pass what modes say (a container may lack that capability): what was given away is taken back whole.
   */
  takeBack(path: string, place: string): StoredEntry {
    const at = systemPath(path);
    const { mode, mtimeNs, uid, gid } = lstatSync(at, { bigint: true });
    const owner = { uid: Number(uid), gid: Number(gid) };
    const ours = this.#mayGiveAway ? this.#made?.uid : undefined;
    const isAway = ours !== undefined && owner.uid !== ours;
    if (isAway) lchownSync(at, ours, owner.gid);
    chmodSync(at, 0o700);
    const had = { path: place, type: 'folder', mode: Number(mode & 0o7777n), modifiedNs: mtimeNs, bytes: 0 } as const;
    return isAway ? { ...had, ...owner } : had;
  }

  /** Something that could not be made or given back at all. */
  refuse(entry: StoredEntry, what: string): void {
    this.#refusals += 1;
    if (this.#refused.length < limits.fileWarningsMax) this.#refused.push(`${shownName(entry.path)}: ${what}`);
  }

  #attributes(entry: StoredEntry, set: (name: Buffer, value: Buffer) => void): void {
    if (entry.attributes === undefined) return;
    if (this.#calls === undefined) return this.refuse(entry, `its attributes need ${systemCallsPackage}`);
    for (const [name, value] of entry.attributes) {
      try {
        set(bytesOfName(name), value);
      } catch (error) {
        const code = systemCodeOf(error);
        // Without room nothing can go on; else the data matters more than what the file system here does not take.
        if (code === undefined || code === 'ENOSPC' || code === 'EDQUOT' || code === 'EIO') throw error;
        this.refuse(entry, `the attribute ${shownName(name)} could not be set (${messageOf(error)})`);
      }
    }
  }

  /** Only root may give files away; anybody else restores as himself, unless an owner was asked for. */
  #ownerOf({ uid, gid, user, group }: StoredEntry): { uid: number; gid: number } | undefined {
    if (this.#owner !== undefined) return this.#owner;
    if (!this.#mayGiveAway || uid === undefined || gid === undefined) return undefined;
    return {
      uid: numberOf(this.#users, user, (name) => this.#calls?.userId(name)) ?? uid,
      gid: numberOf(this.#groups, group, (name) => this.#calls?.groupId(name)) ?? gid,
    };
  }
}

function numberOf(
  known: Map<string, number | undefined>,
  name: string | undefined,
  ask: (name: string) => number | undefined,
): number | undefined {
  if (name === undefined) return undefined;
  if (!known.has(name)) known.set(name, ask(name));
  return known.get(name);
}

/** Node's times are doubles of seconds: half a microsecond more lets them round down to the right one. */
const seconds = (entry: StoredEntry): number => (Number(entry.modifiedNs / 1000n) + 0.5) / 1e6;

/** Whom a new file belongs to; undefined where the folder may hand on a group that is not ours. */
function ownerOfNew(root: string): { uid: number; gid: number } | undefined {
  // A root that is not there is refused before anything is made in it.
  const { uid, gid } = statSync(root, { throwIfNoEntry: false }) ?? { uid: -1, gid: -1 };
  return uid === process.geteuid?.() && gid === process.getegid?.() ? { uid, gid } : undefined;
}
