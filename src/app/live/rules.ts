import type { Finding } from '../../plan/index.ts';

/** Something that only the world can show: what is asked, and what it means on the day. */
export interface LiveRule {
  /** `live.subject`, never changed once published: waivers name it. */
  readonly code: string;
  /** Of its findings, unless one says otherwise. */
  readonly severity: Finding['severity'];
  /** One plain sentence without a full stop. */
  readonly title: string;
  /** For the page: what happens without it. */
  readonly why: string;
  /** For the page: how it is found out, and that nothing is changed by it. */
  readonly asks: string;
}

const rule = <Name extends string>(
  code: Name,
  severity: LiveRule['severity'],
  title: string,
  why: string,
  asks: string,
): LiveRule & { readonly code: `live.${Name}` } => ({
  code: `live.${code}`,
  severity,
  title,
  why,
  asks,
});

export const liveRules = [
  rule(
    'unknown',
    'error',
    'Something did not answer, or cannot be asked from here',
    'What was not found out may be right or wrong. On the day it is one of the two, and nobody has looked.',
    'Each question has a time in which it must be answered (`--timeout`, 10 s unless stated). Silence is an error, because unknown is never ok; what is of a kind that cannot be asked yet is a warning, and what is known only when it runs a note.',
  ),
  rule(
    'secret',
    'error',
    'The source of a secret gives nothing here',
    'A key that stands in nobody’s environment opens no store. It is noticed when the store must be opened.',
    'Every source of a key, store, asset, channel or step is read: the variable, the file, and, because `--live` was asked for, the output of the program. The value is shown nowhere.',
  ),
  rule(
    'store_unreachable',
    'error',
    'A store does not answer, or refuses to be read',
    'What cannot be reached can neither be written tonight nor restored from.',
    'The store is opened and its repository’s objects are read. Nothing is written.',
  ),
  rule(
    'store_settings',
    'error',
    'The place of a store is not set up as the plan asks any more',
    'Who may change a bucket may give it a rule that expires or freezes objects by their age. Points share objects: the newest may lose what it rests on. The same hand may end versions or locks.',
    'What the bucket says of its versions, locks, public access and rules for the life of objects. Nothing is written.',
  ),
  rule(
    'lock_ends',
    'warning',
    'Locks end sooner than the points that need them',
    'What is not locked can be deleted by whoever has stolen the keys of the store. Backups, verifications and prunes extend locks; when none comes, they end.',
    'Until when the oldest and the newest point, and some packs, are locked. Ended: an error.',
  ),
  rule(
    'key_outdated',
    'error',
    'A store or a key is behind the newest key epoch',
    'A store that did not answer while keys were rotated takes what is sealed under the old key; a key that stayed behind cannot read what is sealed now.',
    'The key objects of each store, opened by the plan’s keys, and the epochs of stores that hold one repository.',
  ),
  rule(
    'store_denied',
    'error',
    'A store would refuse to be written',
    'The next backup fails. Until somebody looks, the newest point gets older.',
    'The rights of this user on the folders of the store; nothing is written.',
  ),
  rule(
    'store_room',
    'warning',
    'A store has less room than one more full point takes',
    'A store that is full ends all protection at once, of every asset that it holds.',
    'Free bytes of the store, against the largest asset that is kept there. Points are smaller when most of their data is known, so this is a warning; without any point yet it is an error.',
  ),
  rule(
    'store_empty',
    'error',
    'A store holds no repository',
    'Nothing was ever kept there, or it is another place than the one that is meant: an unmounted disk leaves an empty folder.',
    'The header of the repository is read.',
  ),
  rule(
    'key',
    'error',
    'The keys of the plan do not open a store',
    'Copies that nobody can decrypt are no copies.',
    'The repository is opened with the passphrase and the identity that the plan names, and the list of its points is decrypted.',
  ),
  rule(
    'damage',
    'error',
    'A store holds something that cannot be read',
    'A damaged point is found out now, or on the day.',
    'Every point’s own object is read and decrypted. `lifeboat verify` reads everything else.',
  ),
  rule(
    'asset_unreachable',
    'error',
    'The source of an asset does not answer, or is not there',
    'What cannot be read is not backed up. Often it has moved, and the plan has not.',
    'The source is asked who it is.',
  ),
  rule(
    'asset_rights',
    'error',
    'The rights on a source do not suffice',
    'A backup that may not read everything fails, or leaves out what it was made for.',
    'A PostgreSQL is asked over the replication protocol, or, for dumps, for every table’s privilege; of a tree of files every folder is listed and every file opened.',
  ),
  rule(
    'asset_unsupported',
    'error',
    'A source is of a version or in a state that cannot be protected',
    'It is refused at each backup, and stays without one.',
    'The version, whether it is a primary, and what it writes to its log.',
  ),
  rule(
    'asset_settings',
    'warning',
    'The settings of a source put its copies at risk',
    'Servers run for years with a setting that was meant for an afternoon.',
    'Page checksums, flushing to disk, free connections for backups, forgotten replication slots, what a slot may hold back (max_slot_wal_keep_size), an archive of its own that fails.',
  ),
  rule(
    'restore_programs',
    'error',
    'What a restore needs is not installed on this machine',
    'Only a server of the same major version reads a physical copy; only a pg_restore that is not older reads a dump. To install it takes a network and a registry, on a day when neither may be there.',
    'The programs of the source’s version are looked for: the system’s, on the PATH, and those that came with Lifeboat.',
  ),
  rule(
    'source_changed',
    'error',
    'A source is not the one that the newest point was taken of',
    'A database that was made anew under the old address has another history: its points do not belong together, and the old ones may be what people want back.',
    'The identity of the source (of a PostgreSQL its system identifier) against that in the newest point.',
  ),
  rule(
    'uncovered',
    'warning',
    'Something exists that no asset covers',
    'It was made after the plan, and nobody told the plan.',
    'The databases of a server whose dumps name theirs, and what lies in a folder on another file system, against the plan.',
  ),
  rule(
    'clock',
    'warning',
    'Clocks differ',
    'A restore to a moment means the clock of the server. If ours differs, it is another moment, and ages and RPO are wrong by as much.',
    'The time of a database server is asked and compared, half the time that the answer took allowed for; points must not be from the future.',
  ),
  rule(
    'point_never',
    'error',
    'A store has no point of an asset that its policy sends there',
    'The plan says it is protected. It is not.',
    'The points of each store, against the policies.',
  ),
  rule(
    'point_old',
    'error',
    'The newest point is older than it may be',
    'More is lost than was promised. An asset in which nothing was written may have lost nothing: this is a limit of what is known.',
    'The newest point of each asset in each of its stores, against the strictest RPO that applies, and where its log is streamed there how far that leads from the point on; and against the calendar of the policy, as a warning.',
  ),
  rule(
    'stream',
    'error',
    'A stream ended by itself, or the log that it brought is of another life',
    'What is written from now on is in no store, and a restore would not come to it. A server that was put back by a snapshot of its volume goes on with the number of the life that it left.',
    'What the last stream of this machine said when it ended, and whether the log in each store goes on from the newest point there. Nothing is written.',
  ),
  rule(
    'verify_overdue',
    'warning',
    'Nobody has read the points back for too long',
    'Disks forget, and buckets expire. What is read back only on the day may be damaged since months.',
    'The journal of this machine: the last verification that found a point of this asset whole in this store.',
  ),
  rule(
    'backup_time',
    'warning',
    'A backup takes longer than it may',
    'When a backup takes longer than its budget, the next one is due before it ends, and the points drift past the RPO.',
    'The journal of this machine: how long the last backup took, against the budget and the calendar of its policy.',
  ),
  rule(
    'restore_time',
    'warning',
    'A restore takes longer than its step has',
    'The source has grown since the budget was written.',
    'The size of the source now, and the rate of the last restore in the journal of this machine, against the budget of each step that restores it.',
  ),
  rule(
    'program_missing',
    'error',
    'A program that a step or a check runs is not on this machine',
    'The procedure stops in the middle, at the step that nobody could have installed in time.',
    'The PATH, or the path as the step has it, and the right to execute it; scripts that are handed to an interpreter as well. Nothing is executed.',
  ),
  rule(
    'document_missing',
    'warning',
    'A document that recovery leans on is not where the plan says',
    'A runbook that was moved is as good as none at three in the morning.',
    'Documents that name no other host are looked for beside the plan; scripts must be executable.',
  ),
  rule(
    'name_unresolved',
    'error',
    'The name of a host does not resolve',
    'It was renamed, or its registration ran out.',
    'The resolver of this machine. No message is sent, and no page is asked for.',
  ),
  rule(
    'endpoint_silent',
    'warning',
    'An encrypted endpoint does not accept connections',
    'A channel that does not answer tells nobody. A health check that cannot be asked is red for ever.',
    'A TLS handshake with https and the like, closed at once. No message is sent, and no page is asked for.',
  ),
  rule(
    'channel_failing',
    'error',
    'A channel did not take the last message',
    'A revoked token, a changed address or a full mailbox is silent until the day on which everybody waits for the call.',
    'What the journal of this machine says of the messages that it was to take: real ones, and those of `lifeboat channel test`. None is sent by this.',
  ),
  rule(
    'certificate',
    'warning',
    'A certificate has expired, is about to, or does not fit',
    'Certificates end on a day that everybody could know. Those that renew themselves do so weeks before: one that is close to its end tells of a renewal that failed.',
    'The certificate that the endpoint presents: its days, the names on it, and whether this machine trusts it.',
  ),
  rule(
    'state_folder',
    'error',
    'The folder of state cannot be used, or has too little room',
    'The journal cannot be written, and a database that is copied before it is read (SQLite) has no place.',
    'Rights and free bytes of the folder of state, or of where it would be made, against the largest database that is copied there.',
  ),
  rule(
    'due_soon',
    'info',
    'A review, or a waiver, is about to end',
    'What is due in two weeks is best put into a calendar today.',
    'The days in the plan, and the clock.',
  ),
] as const satisfies readonly LiveRule[];

export type LiveCode = (typeof liveRules)[number]['code'];

export const severityOf = (code: LiveCode): LiveRule['severity'] =>
  liveRules.find((one) => one.code === code)?.severity ?? 'warning';
