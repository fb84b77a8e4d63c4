/** Bounds of the steps that act on services, servers and names, each with its reason; a part of `limits`. */
export const actingLimits = {
  /** A settings file that a switch turns: a larger one is something else. */
  settingsBytesMax: 2 ** 20,
  /** An answer of a proxy's runtime interface: statistics of a thousand servers have a few hundred kilobytes. */
  answerBytesMax: 16 * 2 ** 20,
  /** What a record that a switch makes tells caches, unless the plan says otherwise: failing back must not wait for them. */
  recordTtlMs: 60_000,
  /** One statement that fences, promotes or renames; waiting for more than one answer has its own bound. */
  serverAnswerMs: 30_000,
  /** Sessions come back while they are ended: so often a rename or a fence ends them again. */
  sessionRoundsMax: 20,
  /** A consent that states no time: whoever agreed yesterday agreed to yesterday's world. */
  approvalMs: 86_400_000,
  /** Steps of a procedure with all that it calls: more than anybody follows, and calls of calls cannot grow without end. */
  procedureStepsMax: 2_000,
  /** Fewer earlier runs of a step say less about it than its budget does. */
  forecastRunsMin: 3,
  /** Of older runs than these the machines and the data were others. */
  forecastRunsMax: 50,
  /** Who waits for a moment looks at the clock so often: it may be set, and machines sleep. */
  clockLookMs: 30_000,
  /** Who keeps the way back open looks so often whether its run stopped: what broke in the last second must count. */
  commitLookMs: 1_000,
  /** A runner looks so often whether somebody cancelled its run: one small read of the journal. */
  cancelLookMs: 1_000,
  /** What must stay true while a run goes on is asked so often, and what is red again this soon: one lost packet is no breach. */
  invariantLookMs: 5_000,
  invariantAgainMs: 1_000,
  /** A window that opens within this is waited for by the runner; for one that is further away it stops, and people go on. */
  windowWaitMs: 3_600_000,
  /** Who waits for a window looks so often whether its run was paused meanwhile. */
  windowLookMs: 1_000,
  /** The hold of a target in a store: renewed six times in that, and after a machine died another one waits so long to take over. */
  leaseMs: 180_000,
  /** One answer of a store about who acts: a recovery does not wait for a store that is down. */
  leaseAnswerMs: 15_000,
  /** A hold that is renewed at this moment is looked for so often, so far apart. */
  leaseLooksMax: 3,
  leaseLookMs: 200,
  /** Whether a store is well is known within this, or it is not well. */
  storeLookMs: 15_000,
  leaseBytesMax: 64 * 2 ** 10,
  /** Words that wake one run: more than a procedure of the largest size has questions. */
  engineRoundsMax: 4_000,
  /** A run that a store which is away keeps from going on is tried again this often, so far apart: five minutes. */
  engineTriesMax: 30,
  engineAgainMs: 10_000,
  /** One short answer of a distributed engine. */
  engineAnswerMs: 15_000,
  /** Whether a run was taken by an engine that died while it was handed over is asked for so long: a server that is restarted is back by then. */
  engineTakenMs: 60_000,
  /** Who waits for the end of a run or a step asks the engine so often. */
  engineLookMs: 250,
  /** Who hands a run over looks so often whether its first record is written. */
  engineKeptMs: 20,
  /** An engine gives no step up before: no timer of Node is longer, and no step either. */
  engineStepMs: 2 ** 31 - 1,
  /** A worker that is away is asked so often at least, and for a year at that pace: somebody will start it. */
  engineRetryMs: 1_000,
  engineAttemptsMax: 30_000_000,
  /** The engine knows what a key gave for so long; the journals know it for ever. */
  engineKeepMs: 30 * 86_400_000,
  /** A step that states no timeout. */
  stepTimeoutMs: 3_600_000,
  /** A step that was told to stop has this long: the grace and the burial of its program, and room to tidy up. */
  stepStopMs: 30_000,
  /** A service that was told to end has this long to finish what it does; a database writes a last checkpoint. */
  serviceStopMs: 60_000,
  /** Pods that are let back are ready within this, or people look: an image may have to be fetched first. */
  scaledBackMs: 300_000,
  /** After a fence was put up, what was in flight has this long to end. */
  fenceProofMs: 10_000,
  /** How long a share of a ramp is watched where the plan says nothing: several looks, and caches and queues have had time to fill. */
  rampPauseMs: 30_000,
  /** A ramp that holds because something is red waits so long for people who repair it, before it asks. */
  rampPatienceMs: 600_000,
  /** A standby that was told to promote answers within seconds; a large last checkpoint does not hold it back. */
  promotionMs: 120_000,
  /** How long a standby may take to replay what it has received, before a person is asked whether to go without. */
  replayMs: 60_000,
  /** What is read of the end of a log, and how long that and a pattern on it may take. */
  logBytesMax: 16 * 2 ** 20,
  logsTimeoutMs: 60_000,
  patternMs: 2_000,
  /** Runs in one list unless more are asked for, and at most: each is shown with all its steps. */
  runsListed: 100,
  runsListedMax: 10_000,
  /** A channel answers within this, or another one is told; a few attempts, each pause twice the last. */
  messageMs: 10_000,
  messageAttemptsMax: 3,
  messageRetryMs: 1_000,
  /** A channel that asks for a longer pause is stood in for: people are waiting. */
  messageWaitMsMax: 15_000,
  /** What nobody took is tried again this soon, twice as late each time, and no later than the second. */
  messageAgainMs: 60_000,
  messageAgainMsMax: 900_000,
  /** Then it is of yesterday, and nobody is woken by it any more. */
  messageKeepMs: 86_400_000,
  /** More of them wait for no channel: the oldest goes, and that is written down. */
  messagesWaitingMax: 1_000,
  /** Whoever sends a message writes something down more often than that; later, it is gone. */
  messageIdleMs: 120_000,
  /** What a tool answers of all that it manages: the plan of a large module has a few megabytes. */
  toolAnswerBytesMax: 64 * 2 ** 20,
  /** A tool that only passes on what a container says has nothing of its own to tidy up: what runs in there is ended by us. */
  doorGraceMs: 500,
  /** What was made is asked for so often until it is ready; so many doubts in a row, and people look. */
  provisionLookMs: 1_000,
  provisionDoubtsMax: 10,
  /** A store with less than this left is nearly full: the points that its policy asks for come first, more of them do not. */
  healthyRoomBytes: 256 * 2 ** 20,
} as const;
