import type { Command } from './command.ts';

export interface CommandEntry {
  /** `restore`, or with its group `store init`. */
  readonly name: string;
  /** One line for the list of commands; no full stop. */
  readonly summary: string;
  readonly heading: Heading;
  readonly load: () => Promise<{ readonly command: Command }>;
}

type Heading = 'Plan:' | 'Protect:' | 'Recover:' | 'Rehearse:' | 'Keys and stores:';

/** Every command there is, in the order help shows them. The only place that names their files. */
export const commandTable: readonly CommandEntry[] = [
  {
    name: 'init',
    summary: 'write a plan to start from',
    heading: 'Plan:',
    load: () => import('./commands/init.ts'),
  },
  {
    name: 'check',
    summary: 'say everything that is wrong with the plan',
    heading: 'Plan:',
    load: () => import('./commands/check.ts'),
  },
  {
    name: 'runbook',
    summary: 'the plan as a document to hold: Markdown, HTML or PDF',
    heading: 'Plan:',
    load: () => import('./commands/runbook.ts'),
  },
  {
    name: 'status',
    summary: 'how ready we are now: what is proven, what would be lost, what is late',
    heading: 'Plan:',
    load: () => import('./commands/status.ts'),
  },
  {
    name: 'backup',
    summary: 'take recovery points',
    heading: 'Protect:',
    load: () => import('./commands/backup.ts'),
  },
  {
    name: 'stream',
    summary: 'keep the log of databases in the stores, to the second',
    heading: 'Protect:',
    load: () => import('./commands/stream.ts'),
  },
  {
    name: 'kit',
    summary: 'all that a stranger needs to restore on a bare machine, but for store and key',
    heading: 'Protect:',
    load: () => import('./commands/kit.ts'),
  },
  {
    name: 'wal push',
    summary: 'store a file of the log, for archive_command',
    heading: 'Protect:',
    load: () => import('./commands/wal-push.ts'),
  },
  {
    name: 'points',
    summary: 'list recovery points',
    heading: 'Protect:',
    load: () => import('./commands/points/points.ts'),
  },
  {
    name: 'points forget',
    summary: 'take one recovery point out of the stores',
    heading: 'Protect:',
    load: () => import('./commands/points/forget.ts'),
  },
  {
    name: 'points hold',
    summary: 'keep a point, or all of an asset, whatever its age',
    heading: 'Protect:',
    load: () => import('./commands/points/hold.ts'),
  },
  {
    name: 'points holds',
    summary: 'list what is held, by whom and why',
    heading: 'Protect:',
    load: () => import('./commands/points/holds.ts'),
  },
  {
    name: 'points release',
    summary: 'take a hold away',
    heading: 'Protect:',
    load: () => import('./commands/points/release.ts'),
  },
  {
    name: 'verify',
    summary: 'read back, decrypt and compare what is in the stores',
    heading: 'Protect:',
    load: () => import('./commands/verify.ts'),
  },
  {
    name: 'restore',
    summary: 'bring an asset back beside the original, and check it',
    heading: 'Recover:',
    load: () => import('./commands/restore/restore.ts'),
  },
  {
    name: 'restore undo',
    summary: 'bring back what stood there before a restore in place',
    heading: 'Recover:',
    load: () => import('./commands/restore/undo.ts'),
  },
  {
    name: 'standby',
    summary: 'a warm standby of a database, fed from a store alone',
    heading: 'Recover:',
    load: () => import('./commands/standby/standby.ts'),
  },
  {
    name: 'standby promote',
    summary: 'let a standby take the place of its source, behind a fence',
    heading: 'Recover:',
    load: () => import('./commands/standby/promote.ts'),
  },
  {
    name: 'recover',
    summary: 'run the procedure of a scenario, for real',
    heading: 'Recover:',
    load: () => import('./commands/run/recover.ts'),
  },
  {
    name: 'runs',
    summary: 'list runs',
    heading: 'Recover:',
    load: () => import('./commands/run/runs.ts'),
  },
  {
    name: 'run show',
    summary: 'what happened in a run, step by step',
    heading: 'Recover:',
    load: () => import('./commands/run/show.ts'),
  },
  {
    name: 'run approve',
    summary: 'give the consent that a run waits for, or refuse it',
    heading: 'Recover:',
    load: () => import('./commands/run/approve.ts'),
  },
  {
    name: 'run attest',
    summary: 'say that what people were to do is done',
    heading: 'Recover:',
    load: () => import('./commands/run/attest.ts'),
  },
  {
    name: 'run choose',
    summary: 'decide which way a run goes',
    heading: 'Recover:',
    load: () => import('./commands/run/choose.ts'),
  },
  {
    name: 'run skip',
    summary: 'leave out a step of a run that stopped, with a reason',
    heading: 'Recover:',
    load: () => import('./commands/run/skip.ts'),
  },
  {
    name: 'run cancel',
    summary: 'end a run, also one that is acted on now',
    heading: 'Recover:',
    load: () => import('./commands/run/cancel.ts'),
  },
  {
    name: 'run pause',
    summary: 'let a run begin nothing new; what runs ends by itself',
    heading: 'Recover:',
    load: () => import('./commands/run/pause.ts'),
  },
  {
    name: 'run retry',
    summary: 'do a step again that failed or is in doubt, and go on',
    heading: 'Recover:',
    load: () => import('./commands/run/retry.ts'),
  },
  {
    name: 'run rollback',
    summary: 'take back what a run did, the last step first',
    heading: 'Recover:',
    load: () => import('./commands/run/rollback.ts'),
  },
  {
    name: 'run resume',
    summary: 'go on with a run that was interrupted',
    heading: 'Recover:',
    load: () => import('./commands/run/resume.ts'),
  },
  {
    name: 'drill',
    summary: 'rehearse a scenario in a bubble, measured and scored',
    heading: 'Rehearse:',
    load: () => import('./commands/run/drill.ts'),
  },
  {
    name: 'demo',
    summary: 'a disaster, recovered, on this machine',
    heading: 'Rehearse:',
    load: () => import('./commands/demo.ts'),
  },
  {
    name: 'keys create',
    summary: 'make an identity that opens copies',
    heading: 'Keys and stores:',
    load: () => import('./commands/keys/create.ts'),
  },
  {
    name: 'keys list',
    summary: 'who can open the copies',
    heading: 'Keys and stores:',
    load: () => import('./commands/keys/list.ts'),
  },
  {
    name: 'keys add',
    summary: 'let one more recipient or passphrase open the copies',
    heading: 'Keys and stores:',
    load: () => import('./commands/keys/add.ts'),
  },
  {
    name: 'keys remove',
    summary: 'take a key out of the stores',
    heading: 'Keys and stores:',
    load: () => import('./commands/keys/remove.ts'),
  },
  {
    name: 'keys share',
    summary: 'a key in pieces: printed sheets, so many of which open the copies',
    heading: 'Keys and stores:',
    load: () => import('./commands/keys/share.ts'),
  },
  {
    name: 'keys combine',
    summary: 'put shares together, and see what they open',
    heading: 'Keys and stores:',
    load: () => import('./commands/keys/combine.ts'),
  },
  {
    name: 'keys rotate',
    summary: 'a new master key for everything that comes',
    heading: 'Keys and stores:',
    load: () => import('./commands/keys/rotate.ts'),
  },
  {
    name: 'keys test',
    summary: 'prove that the key in the safe opens the copies',
    heading: 'Keys and stores:',
    load: () => import('./commands/keys/test.ts'),
  },
  {
    name: 'store init',
    summary: 'make the repository of a store',
    heading: 'Keys and stores:',
    load: () => import('./commands/store/init.ts'),
  },
  {
    name: 'store rebuild',
    summary: 'bring back on this machine what the stores remember',
    heading: 'Keys and stores:',
    load: () => import('./commands/store/rebuild.ts'),
  },
  {
    name: 'store probe',
    summary: 'find out what a store really does',
    heading: 'Keys and stores:',
    load: () => import('./commands/store/probe.ts'),
  },
  {
    name: 'store thaw',
    summary: 'make readable what lies in cold storage classes',
    heading: 'Keys and stores:',
    load: () => import('./commands/store/thaw.ts'),
  },
  {
    name: 'store prune',
    summary: 'let go of points by retention, and bring their space back',
    heading: 'Keys and stores:',
    load: () => import('./commands/store/prune.ts'),
  },
  {
    name: 'store replicate',
    summary: 'copy a store to others, sealed as it is',
    heading: 'Keys and stores:',
    load: () => import('./commands/store/replicate.ts'),
  },
];

/** What stands before the second word of a command. */
export const groups: Readonly<Record<string, { readonly summary: string; readonly heading: Heading }>> = {
  wal: { summary: 'the write-ahead log of databases', heading: 'Protect:' },
  store: { summary: 'the places where copies live', heading: 'Keys and stores:' },
  keys: { summary: 'who can open the copies', heading: 'Keys and stores:' },
  run: { summary: 'one execution of a procedure', heading: 'Recover:' },
};
