import type { Command } from './command.ts';

export interface CommandEntry {
  /** `restore`, or with its group `store init`. */
  readonly name: string;
  /** One line for the list of commands; no full stop. */
  readonly summary: string;
  readonly heading: Heading;
  readonly load: () => Promise<{ readonly command: Command }>;
}

type Heading = 'Plan:' | 'Protect:' | 'Recover:' | 'Rehearse:' | 'Keys and stores:' | 'Who may ask:';
type Line = readonly [name: string, summary: string, load: CommandEntry['load']];

/** Every command there is, in the order help shows them. The only place that names their files. */
export const commandTable: readonly CommandEntry[] = [
  ...under('Plan:', [
    ['init', 'write a plan to start from', () => import('./commands/init.ts')],
    ['check', 'say everything that is wrong with the plan', () => import('./commands/check.ts')],
    ['runbook', 'the plan as a document to hold: Markdown, HTML or PDF', () => import('./commands/runbook.ts')],
    [
      'status',
      'how ready we are now: what is proven, what would be lost, what is late',
      () => import('./commands/status.ts'),
    ],
    [
      'channel test',
      'send a marked test to the channels, and say who took it',
      () => import('./commands/channel-test.ts'),
    ],
    ['alerts', 'rules by which Prometheus rings, made from the plan', () => import('./commands/alerts.ts')],
  ]),
  ...under('Protect:', [
    ['serve', 'keep the plan: calendars, streams, copies, retention, drills', () => import('./commands/serve.ts')],
    ['backup', 'take recovery points', () => import('./commands/backup.ts')],
    ['stream', 'keep the log of databases in the stores, to the second', () => import('./commands/stream.ts')],
    [
      'kit',
      'all that a stranger needs to restore on a bare machine, but for store and key',
      () => import('./commands/kit.ts'),
    ],
    ['wal fork', 'give a stopped server a timeline that its log does not have', () => import('./commands/wal-fork.ts')],
    ['wal push', 'store a file of the log, for archive_command', () => import('./commands/wal-push.ts')],
    ['points', 'list recovery points', () => import('./commands/points/points.ts')],
    ['points forget', 'take one recovery point out of the stores', () => import('./commands/points/forget.ts')],
    ['points hold', 'keep a point, or all of an asset, whatever its age', () => import('./commands/points/hold.ts')],
    ['points holds', 'list what is held, by whom and why', () => import('./commands/points/holds.ts')],
    ['points release', 'take a hold away', () => import('./commands/points/release.ts')],
    ['verify', 'read back, decrypt and compare what is in the stores', () => import('./commands/verify.ts')],
  ]),
  ...under('Recover:', [
    ['restore', 'bring an asset back beside the original, and check it', () => import('./commands/restore/restore.ts')],
    [
      'restore undo',
      'bring back what stood there before a restore in place',
      () => import('./commands/restore/undo.ts'),
    ],
    ['standby', 'a warm standby of a database, fed from a store alone', () => import('./commands/standby/standby.ts')],
    [
      'standby promote',
      'let a standby take the place of its source, behind a fence',
      () => import('./commands/standby/promote.ts'),
    ],
    ['recover', 'run the procedure of a scenario, for real', () => import('./commands/run/recover.ts')],
    ['runs', 'list runs', () => import('./commands/run/runs.ts')],
    ['run show', 'what happened in a run, step by step', () => import('./commands/run/show.ts')],
    ['run approve', 'give the consent that a run waits for, or refuse it', () => import('./commands/run/approve.ts')],
    ['run attest', 'say that what people were to do is done', () => import('./commands/run/attest.ts')],
    ['run choose', 'decide which way a run goes', () => import('./commands/run/choose.ts')],
    ['run skip', 'leave out a step of a run that stopped, with a reason', () => import('./commands/run/skip.ts')],
    ['run cancel', 'end a run, also one that is acted on now', () => import('./commands/run/cancel.ts')],
    ['run pause', 'let a run begin nothing new; what runs ends by itself', () => import('./commands/run/pause.ts')],
    ['run retry', 'do a step again that failed or is in doubt, and go on', () => import('./commands/run/retry.ts')],
    ['run rollback', 'take back what a run did, the last step first', () => import('./commands/run/rollback.ts')],
    ['run resume', 'go on with a run that was interrupted', () => import('./commands/run/resume.ts')],
    [
      'worker',
      'execute steps near the assets of a site, for an engine across machines',
      () => import('./commands/run/worker.ts'),
    ],
  ]),
  ...under('Rehearse:', [
    ['drill', 'rehearse a scenario in a bubble, measured and scored', () => import('./commands/run/drill.ts')],
    ['demo', 'a disaster, recovered, on this machine', () => import('./commands/demo.ts')],
  ]),
  ...under('Keys and stores:', [
    ['keys create', 'make an identity that opens copies', () => import('./commands/keys/create.ts')],
    ['keys list', 'who can open the copies', () => import('./commands/keys/list.ts')],
    ['keys add', 'let one more recipient or passphrase open the copies', () => import('./commands/keys/add.ts')],
    ['keys remove', 'take a key out of the stores', () => import('./commands/keys/remove.ts')],
    [
      'keys share',
      'a key in pieces: printed sheets, so many of which open the copies',
      () => import('./commands/keys/share.ts'),
    ],
    ['keys combine', 'put shares together, and see what they open', () => import('./commands/keys/combine.ts')],
    ['keys rotate', 'a new master key for everything that comes', () => import('./commands/keys/rotate.ts')],
    ['keys test', 'prove that the key in the safe opens the copies', () => import('./commands/keys/test.ts')],
    ['store init', 'make the repository of a store', () => import('./commands/store/init.ts')],
    [
      'store rebuild',
      'bring back on this machine what the stores remember',
      () => import('./commands/store/rebuild.ts'),
    ],
    ['store probe', 'find out what a store really does', () => import('./commands/store/probe.ts')],
    ['store thaw', 'make readable what lies in cold storage classes', () => import('./commands/store/thaw.ts')],
    [
      'store prune',
      'let go of points by retention, and bring their space back',
      () => import('./commands/store/prune.ts'),
    ],
    ['store replicate', 'copy a store to others, sealed as it is', () => import('./commands/store/replicate.ts')],
  ]),
  ...under('Who may ask:', [
    ['accounts add', 'an account for the page and the API', () => import('./commands/accounts/add.ts')],
    ['accounts change', 'another role, contact or password', () => import('./commands/accounts/change.ts')],
    ['accounts list', 'who has an account, and what each may do', () => import('./commands/accounts/list.ts')],
    ['accounts remove', 'end an account, its sessions and its tokens', () => import('./commands/accounts/remove.ts')],
    ['tokens create', 'a token by which a program asks the API', () => import('./commands/tokens/create.ts')],
    ['tokens list', 'which tokens there are, and until when', () => import('./commands/tokens/list.ts')],
    ['tokens revoke', 'let a token open nothing any more', () => import('./commands/tokens/revoke.ts')],
  ]),
];

/** What stands before the second word of a command. */
export const groups: Readonly<Record<string, { readonly summary: string; readonly heading: Heading }>> = {
  channel: { summary: 'the ways by which people are told', heading: 'Plan:' },
  accounts: { summary: 'people who use the page and the API of serve', heading: 'Who may ask:' },
  tokens: { summary: 'programs that ask the API of serve', heading: 'Who may ask:' },
  wal: { summary: 'the write-ahead log of databases', heading: 'Protect:' },
  store: { summary: 'the places where copies live', heading: 'Keys and stores:' },
  keys: { summary: 'who can open the copies', heading: 'Keys and stores:' },
  run: { summary: 'one execution of a procedure', heading: 'Recover:' },
};

function under(heading: Heading, lines: readonly Line[]): readonly CommandEntry[] {
  return lines.map(([name, summary, load]) => ({ name, summary, heading, load }));
}
