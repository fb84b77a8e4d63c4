/**
 * The register of every error code that a user can meet: the one place that says what a code means, whether
 * trying again helps, and which exit code the command line ends with. docs/ERRORS.md is generated from it.
 */

/** `no`: the same call fails again; `later`: the cause may pass by itself; `human`: a person has to decide or repair. */
export type Retry = 'no' | 'later' | 'human';

/** 1 what was asked is not so, 2 wrong input, 3 waits for a human, 4 something outside, 70 our fault. */
export type ExitCode = 1 | 2 | 3 | 4 | 70;

interface CodeEntry {
  readonly exit: ExitCode;
  readonly retry: Retry;
  readonly means: string;
}

const entry = (exit: ExitCode, retry: Retry, means: string): CodeEntry => ({ exit, retry, means });

export const errorCodes = {
  // Input of people
  'input.flag': entry(2, 'no', 'a flag or argument of the command line is wrong'),
  'input.file': entry(2, 'no', 'a file named by the user cannot be read or written'),
  'input.exists': entry(2, 'no', 'something that would be made is already there'),
  'plan.missing': entry(2, 'no', 'the plan file is not there'),
  'plan.invalid': entry(2, 'no', 'the plan file has errors; `lifeboat check` lists them'),
  'plan.unknown_name': entry(2, 'no', 'the plan declares nothing of that kind under that name'),
  'plan.not_executable': entry(2, 'no', 'the plan language knows this, but it cannot be executed yet'),
  'secret.unset': entry(2, 'human', 'the source of a secret gives nothing'),
  'expression.invalid': entry(2, 'no', 'an expression does not parse, or names something unknown'),

  // Stores
  'store.exists': entry(1, 'no', 'an object of that name is already in the store'),
  'store.missing': entry(1, 'no', 'the store has no object of that name'),
  'store.unreachable': entry(4, 'later', 'the store did not answer'),
  'store.full': entry(4, 'human', 'the store has no room left'),
  'store.denied': entry(4, 'human', 'the store refused access'),
  'store.io': entry(4, 'later', 'reading from or writing to the store failed'),
  'store.busy': entry(4, 'later', 'another process has what this one needs'),
  'store.frozen': entry(4, 'human', 'the object is in a cold storage class and must thaw before it can be read'),
  'store.unfit': entry(2, 'human', 'the store cannot do what the plan asks of it'),
  'store.name': entry(70, 'no', 'a store was asked for a name that it cannot hold'),

  // Repository
  'repository.missing': entry(2, 'no', 'the store holds no repository; `lifeboat store init` makes one'),
  'repository.exists': entry(2, 'no', 'the store already holds a repository'),
  'repository.foreign': entry(
    2,
    'human',
    'two stores belong to different repositories, and one was to become a copy of the other',
  ),
  'repository.version': entry(2, 'human', 'the repository was written by a newer Lifeboat'),
  'repository.damaged': entry(1, 'human', 'an object of the repository is not as it was written'),
  'repository.incomplete': entry(1, 'human', 'an object that a recovery point needs is not in the store'),
  'repository.unreadable': entry(1, 'human', 'an object of the repository is there, but its store cannot read it'),
  'key.wrong': entry(2, 'human', 'the passphrase or identity opens none of the repository keys'),
  'key.missing': entry(2, 'human', 'no passphrase or identity was given, or the key object is gone'),
  'key.last': entry(2, 'human', 'a key would go, and no other was proven to open the repository'),
  'key.unknown': entry(1, 'human', 'nobody who held the repository’s key vouches for a key object'),
  'share.damaged': entry(2, 'human', 'a share was mistyped, or is not as it was printed'),
  'share.mixed': entry(2, 'human', 'shares of different keys were given'),
  'share.few': entry(2, 'human', 'fewer shares were given than open the key'),
  'point.missing': entry(2, 'no', 'there is no such recovery point'),
  'point.none': entry(1, 'human', 'the asset has no recovery point'),
  'point.uncertain': entry(1, 'human', 'a newer recovery point may exist but cannot be read'),
  'verify.unmet': entry(1, 'human', 'what a policy asks of its points is not so, or nothing has shown it'),
  'status.unmet': entry(1, 'human', 'something that the plan promises is not so now'),
  'hold.missing': entry(2, 'no', 'there is no such hold'),
  'hold.legal': entry(2, 'human', 'a legal hold was to be released before its end'),
  'point.evicted': entry(4, 'later', 'a prune gave up a backup that was still at work'),
  'prune.blind': entry(1, 'human', 'nobody can tell what a recovery point needs, so nothing may be deleted'),
  'prune.unexplained': entry(3, 'human', 'a prune would delete more than decisions on record explain'),
  'copy.waiting': entry(1, 'later', 'a recovery point is not in the store that it is copied to yet'),
  'point.needed': entry(2, 'human', 'something speaks for keeping a recovery point that was to be forgotten'),

  'log.gap': entry(1, 'human', 'the log that a restore needs has a hole, or does not go on from its recovery point'),
  'log.conflict': entry(
    1,
    'human',
    'a log in a store says something else for the same place: two lives of a source have one number',
  ),

  // Assets
  'asset.unreadable': entry(4, 'human', 'the source of an asset cannot be read'),
  'asset.vanished': entry(4, 'later', 'the source of an asset went away while it was read'),
  'asset.changing': entry(1, 'later', 'the source changed faster than it could be read'),
  'asset.unreachable': entry(4, 'later', 'the server of an asset did not answer'),
  'asset.denied': entry(4, 'human', 'the server of an asset refused the credentials or the privilege'),
  'asset.unsupported': entry(2, 'human', 'the source is of a kind or version that cannot be protected'),
  'asset.corrupt': entry(1, 'human', 'the source of an asset is damaged'),
  'asset.foreign': entry(2, 'human', 'what was found is not the asset that was expected'),
  'asset.tool_missing': entry(2, 'human', 'a program that the asset needs is not installed'),
  'asset.start_failed': entry(1, 'human', 'a restored server did not start'),

  // Operations
  'restore.target_not_empty': entry(2, 'human', 'the target of the restore is not empty'),
  'restore.target_unusable': entry(2, 'human', 'the target of the restore cannot be written or used'),
  'restore.no_room': entry(4, 'human', 'the target has too little free space'),
  'restore.check_failed': entry(1, 'human', 'the restored data failed a check'),
  'restore.unknown_table': entry(2, 'no', 'the recovery point has no such table'),
  'restore.consent': entry(3, 'human', 'a change of a running server asks for consent'),
  'restore.in_doubt': entry(3, 'human', 'nobody could be asked whether a change of a server was committed'),
  'restore.unreachable_target': entry(2, 'no', 'no recovery point reaches back to what was asked for'),
  'restore.unknown_target': entry(
    2,
    'human',
    'a restore was to stop at a moment, position, name, transaction or timeline that the log does not hold',
  ),
  'standby.not_fenced': entry(3, 'human', 'the source of a standby may still take writes'),
  'operation.busy': entry(4, 'later', 'the same operation is already running'),
  'operation.silent': entry(1, 'later', 'work that showed no progress for too long was ended'),
  'serve.heartbeat': entry(4, 'later', 'the dead man’s switch of the plan did not answer'),
  'operation.cancelled': entry(1, 'no', 'the operation was stopped on request'),
  'check.failed': entry(1, 'human', 'a check is red'),
  'check.unanswered': entry(1, 'later', 'a check could not be evaluated'),

  // Procedures, drills
  'step.failed': entry(1, 'human', 'a step of a procedure failed'),
  'step.timeout': entry(1, 'later', 'a step took longer than it may'),
  'step.guarded': entry(1, 'human', 'what must be so before a step acts is not so'),
  'step.not_begun': entry(1, 'later', 'a step of another site was called off before its worker began it'),
  'step.in_doubt': entry(3, 'human', 'nobody can tell whether a step took effect before the crash'),
  'step.waits': entry(3, 'human', 'a step waits for what people say'),
  'run.missing': entry(2, 'no', 'there is no such run'),
  'run.not_resumable': entry(2, 'no', 'the run has ended, or belongs to a plan that changed'),
  'run.held': entry(4, 'later', 'another runner acts on this run or target'),
  'run.breached': entry(3, 'human', 'what must stay true while a run goes on is not'),
  'run.lease_lost': entry(4, 'human', 'a runner that slept or was cut off may not be the only one that acts any more'),
  'run.unsure': entry(3, 'human', 'nobody can tell whether somebody else acts on the same target'),
  'engine.missing': entry(2, 'no', 'the package of a distributed engine is not installed'),
  'engine.unreachable': entry(4, 'later', 'the distributed engine does not answer'),
  'engine.refused': entry(4, 'human', 'the distributed engine does not take or know what it was given'),
  'engine.other_plan': entry(2, 'human', 'a worker of the procedure knows another version of the plan'),
  'engine.secret': entry(1, 'human', 'a run or a step would take a secret to the engine or to another site'),
  'run.not_asked': entry(2, 'no', 'the run does not ask this'),
  'people.not_allowed': entry(2, 'no', 'this person may not answer this question'),
  'approval.expired': entry(3, 'human', 'the time for an answer is over'),
  'approval.denied': entry(1, 'human', 'somebody who was asked for consent said no'),
  'switch.changed': entry(1, 'human', 'what was to be turned says something else than it did before'),
  'switch.unseen': entry(1, 'human', 'what was turned does not say the new value when it is asked'),
  'ramp.red': entry(1, 'human', 'work was let in, and what must hold meanwhile did not'),
  'fence.unproved': entry(1, 'human', 'writers were to be kept away, and nothing proves that none is left'),
  'promote.refused': entry(3, 'human', 'a standby was not promoted, because two servers could take writes'),
  'policy.unwell': entry(4, 'later', 'a store is not well enough for more frequent points'),
  'target.unreachable': entry(4, 'later', 'what a step acts on did not answer'),
  'target.refused': entry(4, 'human', 'what a step acts on refused to do it'),
  'target.unreadable': entry(4, 'human', 'what a step is to change cannot be read'),
  'provision.removes': entry(
    3,
    'human',
    'a tool would remove or replace something, and the step does not say that it may',
  ),
  'provision.unproved': entry(1, 'later', 'a tool was content, and what it was to make is not there'),
  'channel.unreachable': entry(4, 'later', 'a channel that people are told by did not answer'),
  'channel.silent': entry(4, 'later', 'a channel that people are told by did not say whether it has the message'),
  'channel.refused': entry(4, 'human', 'a channel that people are told by does not take the message'),
  'channel.failed': entry(1, 'human', 'a channel did not take the message by which it was tried'),
  'message.undelivered': entry(4, 'later', 'no channel took a message to people'),
  'drill.failed': entry(1, 'human', 'a drill did not meet its criteria'),
  'drill.bubble': entry(1, 'human', 'the bubble could not be made, kept apart or destroyed'),
  'environment.protected': entry(3, 'human', 'the environment is protected and asks for consent'),

  // The API
  'api.invalid': entry(2, 'no', 'what was asked of the API is not as its contract says'),
  'api.unknown': entry(2, 'no', 'the API has nothing at this address'),
  'api.too_large': entry(2, 'no', 'what was sent to the API is larger than it takes'),
  'api.signed_out': entry(2, 'human', 'who asks the API did not show who it is, or not any more'),
  'api.forbidden': entry(2, 'no', 'who asks the API may not do this'),
  'api.foreign': entry(2, 'no', 'a change was asked for from another place than the pages of this server'),
  'api.busy': entry(4, 'later', 'the API was asked too often, or for too much at once'),
  'account.missing': entry(2, 'no', 'there is no such account or token'),
  'account.last': entry(2, 'human', 'the last admin would go'),
  'preview.expired': entry(2, 'no', 'a dry run of a restore was executed already, or is too old'),

  // The machine
  'process.failed': entry(1, 'later', 'a program ended with an error'),
  'process.missing': entry(2, 'human', 'a program is not installed'),
  'process.timeout': entry(1, 'later', 'a program took longer than it may and was ended'),
  'process.unstoppable': entry(4, 'human', 'a program could not be ended'),
  'port.taken': entry(4, 'later', 'the port is in use'),
  'disk.full': entry(4, 'human', 'the disk is full'),
  'disk.denied': entry(4, 'human', 'a disk of this machine is read-only, or refuses this user'),
  'disk.io': entry(4, 'later', 'reading from or writing to a disk of this machine failed'),
  'machine.exhausted': entry(4, 'later', 'the machine has no memory, open files or processes left'),
  'journal.damaged': entry(1, 'human', 'the journal is not as it was written'),
  'journal.busy': entry(4, 'later', 'the journal is locked by another process'),
  'limit.exceeded': entry(2, 'no', 'something is larger than Lifeboat allows'),
  internal: entry(70, 'no', 'a mistake of ours'),
} as const satisfies Record<string, CodeEntry>;

export type ErrorCode = keyof typeof errorCodes;
