/** Bounds of what people and machines ask over HTTP, each with its reason; a part of `limits`. */
export const apiLimits = {
  /** The longest question is a recovery with its parameters: a few kilobytes. */
  apiBodyBytesMax: 64 * 2 ** 10,
  /** A page asks ten things when it opens and one for each event; more than this a minute from one caller is a loop. */
  apiRequestsPerMinute: 1_200,
  /**
   * Wrong passwords in a quarter of an hour: a person mistypes three times. Of one account from one network, of one network, of one account from
   * everywhere: so many guesses find no password, and fewer would let anybody lock a person out on the day.
   */
  signInFailuresOfAccount: 5,
  signInFailuresOfAddress: 20,
  signInFailuresAnywhere: 200,
  signInWindowMs: 900_000,
  /** Passwords that are tried at once, and that may wait for their turn: each takes 19 MiB. */
  passwordsAtOnce: 2,
  passwordsWaitingMax: 16,
  /** Callers whose questions are counted: beyond, the oldest is forgotten. */
  callersCountedMax: 10_000,
  /** A session ends at the end of a long shift, and when nobody asked anything for two hours: runs of a bad day take that long. */
  sessionMs: 12 * 3_600_000,
  sessionIdleMs: 2 * 3_600_000,
  /** How exactly it is known when a session or token was last used: each note is a write to the disk. */
  usedNotedMs: 60_000,
  /** Sessions of one account: a desk, a phone, a few forgotten ones. The oldest goes. */
  sessionsPerAccountMax: 20,
  accountsMax: 1_000,
  tokensMax: 1_000,
  /** What a dry run of a restore found may be executed for so long: then the world has moved on. */
  previewMs: 900_000,
  previewsMax: 200,
  /** What was asked for here and has ended is shown for so many more. */
  operationsKept: 200,
  /** Things that people started here and that run at once, beside the schedule. */
  operationsAtOnce: 16,
  /** Lines that a step put out, of one step, and how long each may be. */
  outputLinesKept: 50,
  outputLineCharactersMax: 500,
  /** The journal is looked at so often for whoever listens: one small read. */
  eventLookMs: 250,
  eventBeatMs: 15_000,
  /** Who listens, how often one of them may, and what may wait for one who does not take it; a page that is further behind reads everything anew. */
  listenersMax: 100,
  listenersOfOneMax: 20,
  eventsHeldMax: 1_000,
  /** A missed stretch that is longer is not sent one by one. */
  eventsMissedMax: 5_000,
  /** How long an answer about the stores stands before they are asked again, and how old it may be while that is done. */
  viewFreshMs: 15_000,
  viewStaleMs: 300_000,
  /** What took no longer than this the last time is waited for twice as long, before an older answer is given. */
  viewQuickMs: 60,
  /** Answers that are kept as text (UTF-16): a plan of five hundred assets is told in a megabyte. Larger ones are written each time. */
  answersKeptCharacters: 16 * 2 ** 20,
  answerKeptCharactersMax: 4 * 2 ** 20,
  /** Records of the audit are read so many at once, and so many are looked at for one answer: a fifth of a second of a busy server. */
  auditRecordsMax: 1_000,
  auditLookedMax: 20_000,
} as const;
