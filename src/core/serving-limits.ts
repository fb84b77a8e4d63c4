/** Bounds of what is always on (`serve`), each with its reason; a part of `limits`. */
export const servingLimits = {
  /** The scheduler looks at the clock so often: timers stand still while a machine sleeps, the wall clock does not. */
  tickMs: 5_000,
  /** A scheduler that has not looked at the clock for so long hangs: a dozen ticks. */
  tickSilentMs: 60_000,
  /** Things that are done at once, unless `--jobs` says otherwise: more would wait for one disk or one line. */
  jobsAtOnce: 4,
  jobsAtOnceMax: 64,
  /** All that is due at 02:00 begins within so much, and within a tenth of its own rhythm. */
  spreadMsMax: 300_000,
  /** After a failure the same thing is tried again this soon, twice as late each time, and no later than the second. */
  againMs: 60_000,
  againMsMax: 3_600_000,
  /** Turns that were missed are counted up to here: a year of sleep must not be walked through in steps of a minute. */
  missedTurnsMax: 1_000,
  /** A job that says nothing of its progress for so long hangs, and is said to; a checkpoint before the first byte takes minutes. */
  jobSilentMs: 1_800_000,
  /** Then it is ended, so that the next try can begin. */
  jobSilentEndMs: 6 * 3_600_000,
  /** What is under way when everything is told to stop has this long; a service manager waits 90 s before it kills. */
  serveStopMs: 60_000,
  /** How often the plan's file is looked at, and who holds the schedule is asked. */
  planLookMs: 5_000,
  standbyLookMs: 5_000,
  /** Records of a journal that are read in one go. */
  recordsAtOnce: 5_000,
  /** The hold of a schedule in the stores: renewed six times in that, two requests each; one that stands by waits so long for a machine that died. */
  serveLeaseMs: 120_000,
  /** Shorter, and a slow answer of a store would look like a machine that died. */
  serveLeaseMsMin: 2_000,
  /** Where metrics and health are told unless `--listen` says otherwise: to this machine alone. */
  servePlace: '127.0.0.1:9807',
  /** What other machines did is asked of the stores for so long before the schedule begins without it. */
  rememberMs: 60_000,
  /** After everything has ended, the journal is brought to the stores and the hold is given back: together so long at most. */
  serveLeaveMs: 20_000,
  /** Repositories are opened anew after so long: a key that was rotated, or a catalog that grew, is not kept for ever. */
  workspaceAgeMs: 3_600_000,
  /** The journal is brought to the stores this often, where there is something new: a request or two for each. */
  shipEveryMs: 300_000,
  /** A dead man's switch that states no rhythm hears of us so often, and has so long to answer. */
  heartbeatMs: 60_000,
  /** While all is not well, or another one keeps the schedule, this often it is looked whether it hears of us again. */
  heartbeatLookMs: 5_000,
  heartbeatAnswerMs: 15_000,
  /** Messages that wait for a channel are looked at this often, and alarms judged: Prometheus judges as often. */
  tellEveryMs: 15_000,
  /** What rang must hold its peace for so long before people are told that it is over: what comes and goes would ring all day. */
  alarmCalmMs: 120_000,
  /** More of the same that begins meanwhile is told this soon, and what still rings is told again after the second. */
  alarmMoreMs: 300_000,
  alarmRemindMs: 14_400_000,
  /** Things of one alarm that are named in a message. */
  alarmLinesMax: 20,
  /** A stream that ended is begun again after this. */
  streamAgainMs: 30_000,
  /** Copies that state no time are looked after this often; those that do, twice in it, and not more often than the second. */
  copyEveryMs: 3_600_000,
  copyEveryMsMin: 300_000,
  /** A request has a line, a few headers and a small body; whoever is slower or longer is no scraper and no page. */
  requestBytesMax: 8 * 2 ** 10,
  requestMs: 10_000,
  /** Who takes nothing of an answer for so long is gone, or wants to use up the connections; what happens is told more often. */
  readerIdleMs: 300_000,
  /** A page keeps one open for what happens, and asks over five more. */
  connectionsMax: 256,
  /** At its end a command waits so long for whoever receives its traces: a person waits for the command. */
  tracesFlushMs: 2_000,
  /** Spans that have begun and not ended: far more than is ever at work; what a killed process began never ends. */
  tracedAtOnce: 1_000,
} as const;
