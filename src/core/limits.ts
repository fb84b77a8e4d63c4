import { actingLimits } from './acting-limits.ts';
import { apiLimits } from './api-limits.ts';
import { servingLimits } from './serving-limits.ts';
import { storeLimits } from './store-limits.ts';

/**
 * Every bound of the product, each with its reason. A loop, queue, wait or message without a bound here is a mistake.
 */
export const limits = {
  ...actingLimits,
  ...apiLimits,
  ...storeLimits,
  ...servingLimits,
  /** A pack is one object: large enough that a store's cost per request vanishes, small enough to rewrite in a second. */
  packBytesMax: 16 * 2 ** 20,
  /** No chunk is larger; a reader refuses a record that claims more before it allocates anything. */
  chunkBytesMax: 4 * 2 ** 20,
  /** Page-aligned pieces of database files: measured best or tied among 128 KiB to 4 MiB. */
  fixedChunkBytes: 512 * 2 ** 10,
  /** A sealed document (point, index, key) that is larger is refused: memory stays bounded whatever a store answers. */
  documentBytesMax: 256 * 2 ** 20,
  /** The least that is compared of a database file with what it was: a page of most databases. */
  comparedBytesMin: 4 * 2 ** 10,
  /** A file is compared in so many parts at most, and larger ones in a larger file: its pieces are held in memory. */
  comparedPagesMax: 2 ** 18,
  /** Chunks that one fixed piece may be gathered from; then it is stored anew, so that a restore does not read half of all points. */
  chunksPerRegionMax: 16,
  /** Chunks of earlier points that are kept open to compare with: changed pages of neighbours stand in the same ones. */
  oldChunksKept: 24,
  /** Fixed pieces that are read and compared before the first of them is stored: hides the latency of a store. */
  regionsAhead: 6,
  /** Plain bytes in flight between reader and pack: bounds memory, and keeps every thread fed. */
  chunkBytesInFlight: 8 * 2 ** 20,
  /** What a thread reads of a file at a time: a message a range costs nothing then, and every thread soon has its share. */
  rangeBytes: 4 * 2 ** 20,
  /** Ranges that wait for a thread or are read; they need no memory of their own. */
  rangesInFlight: 12,
  /** Threads that hash, compress and seal: more would wait for memory and disk, and each fills a pack of its own. */
  threadsMax: 4,
  /** The part of a thread's heap that new objects fill: left to itself it grows to 48 MiB of what is long garbage. */
  threadYoungMiBMax: 4,
  /** Less work than this is done by the time that threads have started: so much of it is done without them. */
  threadedBytesMin: 16 * 2 ** 20,
  /** A smaller chunk is done sooner than it is handed over. */
  threadedChunkBytesMin: 16 * 2 ** 10,
  /** Tasks that a thread has been given: one more than it works on, so that it never waits for the next. */
  tasksPerThread: 3,
  /** Memory for plain bytes that is kept to be used again. */
  spareBufferBytesMax: 32 * 2 ** 20,
  /** Plain bytes and chunks of one task of a restore or verification: tasks end alike, and few files are open for them. */
  openTaskBytesMax: 8 * 2 ** 20,
  openTaskChunksMax: 64,
  /** What lies between the first and the last page of one task, where only pages here and there are written: each costs a chunk. */
  openTaskSpanMax: 32 * 2 ** 20,
  /** Such tasks that one thread has: while one waits for the disk, another is worked on. */
  regionsAtOnce: 2,
  /** A smaller file is written through the system's cache: opening it a second time costs more than that. */
  directFileBytesMin: 2 ** 20,
  /** Of the list of a point that a backup is held against out of order: of a database of a few hundred gigabytes. */
  againstListCharactersMax: 128 * 2 ** 20,
  /** A plan file that is larger is a mistake, not a plan. */
  planBytesMax: 8 * 2 ** 20,
  /** Calendars that are kept once they are understood: more different ones than any plan has. */
  calendarsKept: 1_000,
  /** Files that one plan is made of: more is a tree that nobody reads. */
  planFilesMax: 200,
  /** A rendered runbook that is read again: a plan of 2,000 assets and 500 scenarios gives 4 MB; pictures are not in it. */
  runbookBytesMax: 64 * 2 ** 20,
  /** A browser that prints a runbook has this long; then the plainer layout of our own is printed. */
  printTimeoutMs: 120_000,
  /** Aliases of a plan may unfold to so many times what was written; more is an attack, not a plan. */
  planAliasesMax: 200,
  /** One rule of the linter says at most so much at once: what comes everywhere has one cause, and a list that is read is short. */
  findingsPerRuleMax: 200,
  /** A document that a plan is read from: the longest manuals of people are a tenth of this. */
  importCharactersMax: 2 * 2 ** 20,
  /** An expression is a condition or a reference, not a program. */
  expressionCharactersMax: 4_000,
  expressionNodesMax: 1_000,
  expressionDepthMax: 50,
  /** No honest condition takes longer; a regular expression that backtracks for ever is ended here. */
  expressionMs: 1_000,
  /** The tail of a program's output that is kept for a record: enough to see why, too little to fill a journal. */
  outputTailBytes: 16 * 2 ** 10,
  /** Between the request to end a process group (SIGTERM) and the order (SIGKILL). */
  processGraceMs: 5_000,
  /** After SIGKILL the kernel has this long to bury a group; then it is reported as unstoppable. */
  processBuryMs: 10_000,
  /** A timer of Node cannot wait longer; a step's timeout is cut to it. */
  timerMsMax: 2 ** 31 - 1,
  /** One answer to a check; the step that repeats it has its own timeout. */
  checkTimeoutMs: 10_000,
  /** A database or server that does not accept a connection in this time is not there. */
  connectTimeoutMs: 10_000,
  /** A server that says nothing for so long in the middle of a backup is gone; a checkpoint before the first byte may take minutes. */
  serverSilenceMs: 600_000,
  /** Connections that are closed have this long to say goodbye; then they are cut. */
  goodbyeMs: 5_000,
  /** A standby that is further behind than this is no source for a point of now; then the primary is read. */
  standbyCatchUpMs: 60_000,
  /** A restored server has this long to replay its log and accept connections, unless the plan says otherwise. */
  serverStartMs: 600_000,
  /** A dump waits so long for a table that somebody has locked; whoever holds it longer changes the table, and a dump later is better. */
  dumpLockWaitMs: 300_000,
  /** Who puts rows back waits so long for a table: everybody who comes after waits behind. */
  tableLockWaitMs: 30_000,
  /** Statements that make tables, as text in memory: a thousand tables have one or two megabytes. */
  tableStructureBytesMax: 64 * 2 ** 20,
  /** Entries of a dump's table of contents: databases of a million objects are known, more is a damaged number. */
  dumpEntriesMax: 10_000_000,
  /** Roles, their settings and tablespaces of a cluster, as text in memory. */
  globalsBytesMax: 64 * 2 ** 20,
  /** Collations that one database uses: recorded in each of its points. */
  collationsMax: 2_000,
  /** Workers of pg_restore: more than this wait for one disk. */
  restoreJobsMax: 8,
  /** One object of a log: a usual segment of PostgreSQL; larger segments are kept as several. */
  logPieceBytesMax: 16 * 2 ** 20,
  /** Segments that one call of `archive_command` stores beside its own: a server waits for each call, and kills none that takes a minute. */
  logFilesPushedAhead: 31,
  /** What is added to a growing piece of log at once: commits wait for it, and what is torn by a crash is no longer than this. */
  logFrameBytesMax: 2 ** 20,
  /** What a piece of log says of time and names; what is named beyond that is found by reading the log itself. */
  logMarksBytesMax: 64 * 2 ** 10,
  logNamesPerPieceMax: 200,
  /** A timeline's history has a line for each failover the cluster ever had. */
  logHistoryBytesMax: 2 ** 20,
  /** Looks at a log whose pieces turn into whole segments meanwhile: a segment takes longer than a look. */
  logLooksMax: 8,
  /** Log in memory that a store has not taken yet: beyond it the server waits, and keeps its log. */
  streamHeldBytesMax: 64 * 2 ** 20,
  /** Stores of one stream that take a point or a copy at once: each reads all of the server; few policies name more. */
  streamPointsAtOnce: 4,
  /** A store that hangs is left behind by a stream that ends after so long: a service that is stopped has a minute or two. */
  streamEndMs: 10_000,
  /** How often an idle server's clock is written down, so that any moment of the stretch can be restored: 8,640 requests a month. */
  streamIdleMs: 300_000,
  /** A stream that is asked for a sign of life every 5 s and gives none for so long is dead, however idle the server is. */
  streamSilenceMs: 30_000,
  /** Clocks of honest machines differ by less; a point that is further ahead was made by a clock that was wrong. */
  clockToleranceMs: 600_000,
  /** A file that changes while it is read is read again this often before the point says so. */
  rereadsMax: 3,
  /** A smaller database is checked sooner than a thread for it has started. */
  askedHereBytesMax: 16 * 2 ** 20,
  /** SQLite waits this long for a lock of another process. */
  sqliteBusyMs: 10_000,
  /** A body of an HTTP check: a health page is small. */
  httpBodyBytesMax: 2 ** 20,
  /** Secrets by file or program: a key is small. */
  secretBytesMax: 64 * 2 ** 10,
  /** How often a progress bar is painted: smooth to the eye, nothing to the work. */
  progressBarMs: 100,
  /** How often a log gets a line of progress. */
  progressLineMs: 5_000,
  /** A second SIGINT this soon is the first one again, passed on by whoever started us; a person is slower. */
  sameSignalMs: 300,
  /** Records of one pack: a pack of the smallest chunks still has a trailer of a few megabytes. */
  chunksPerPackMax: 65_535,
  /** Records of one index object that is written: 12 MB, of which a reader holds several copies. There are some of a million. */
  chunksPerIndexMax: 2 ** 18,
  /** Of index objects that are read at once: large ones one after the other. */
  indexBytesInFlight: 16 * 2 ** 20,
  /** Chunks of a repository whose places are in memory (16 MB, of some 90 GB of data); of a larger one the others are on the disk for temporary files. */
  chunksInMemory: 2 ** 18,
  /** Full packs that are being stored while the next one fills: bounds memory, hides the store's latency. */
  packsInFlight: 2,
  /** Packs that a restore or a verification reads at once: bounds memory to this many packs. */
  packsReadAtOnce: 2,
  /** Of packs that are no files of this machine: a request waits tens of milliseconds for its answer, and small packs are one each. */
  farPacksAtOnce: 8,
  /** What one request brings of a far pack: costs little more than the whole at once, and is given to a thread as it came. */
  farStretchBytes: 4 * 2 ** 20,
  stretchesAtOnce: 4,
  /** Bytes of far packs that were asked for and not worked off yet: 100 MB/s at a quarter of a second each. */
  farBytesInFlight: 24 * 2 ** 20,
  /** The same of packs that are files of this machine, which come at once: for each thread what it works on and what comes next. */
  nearStretchBytes: 2 * 2 ** 20,
  nearBytesPerThread: 4 * 2 ** 20,
  /** Files that are read at once: as many as Node has threads for, each with a buffer of one largest chunk. */
  filesReadAtOnce: 4,
  /** Entries whose content is still being read; the list keeps the order of the capture, so later ones wait. */
  entriesInFlight: 8_192,
  /** A larger file has chunks of its own: sealing them costs little beside reading it. */
  bundledFileBytesMax: 64 * 2 ** 10,
  /** Chunks of small files: large enough to cost nothing each and to pack well, small enough to read one file out of. */
  bundleBytesMin: 256 * 2 ** 10,
  bundleBytesMax: 2 ** 20,
  /** Entries, with or without content, that may wait for one bundle: fewer than may be in flight. */
  bundleEntriesMax: 1_024,
  /** A file system that takes longer for one small file is read through the thread pool, several files at a time. */
  smallReadMs: 2,
  /** So many small files go through the pool before one is tried without it. */
  smallReadsInPool: 256,
  /** Small files that were read and wait for their turn in a bundle: bounds memory. */
  smallReadsBehindMax: 64,
  /** The coarsest stamps of files in use (FAT: 2 s), and a second between the clocks of a file server and ours. */
  stampGranularityMs: 3_000,
  /** Small files of one chunk that a restore makes at once: as many as Node has threads for. */
  filesMadeAtOnce: 4,
  /** Extended attributes of one entry, all together: the system allows 64 KiB for each value. */
  attributeBytesMax: 256 * 2 ** 10,
  /** Sentences that a point or a restore keeps about single files; the rest is counted. */
  fileWarningsMax: 20,
  /** Pieces of one line of an entry list; a larger file goes on in the next line, so that no line is unbounded. */
  piecesPerLine: 4_096,
  /** Pieces that a restore plans at once before it reads packs: bounds memory for any size of point. */
  piecesPerBatch: 2 ** 16,
  /** Files, folders and links among them: what an entry says takes ten times the memory of a piece. Packs that two batches share are read for both. */
  filesPerBatch: 2 ** 13,
  /** Of a table by path what is held in memory: of a hundred thousand files all, and no disk is needed. */
  pathTableCacheBytes: 16 * 2 ** 20,
  /** Objects (index, points) that are read at once while a repository is opened. */
  objectsReadAtOnce: 16,
  /** Index objects that a writer announces by their ids: together of eight million chunks, and what is beyond is only pruned less well. */
  announcedIndexObjects: 32,
  /** A verification whose packs a prune rewrites meanwhile begins again; one that is overtaken more often is told what is missing. */
  verifyAttemptsMax: 3,
  /** A pack of which less than this is unused is left by a prune: moving the rest would cost more than it gives. */
  unusedShareMin: 0.25,
  /** What one prune writes anew, unless told otherwise: this share of the store, and so much in any case, a few seconds' work. */
  rewriteShareMax: 0.05,
  rewriteBytesMin: 64 * 2 ** 20,
  /** Packs that a prune reads at once to write them anew: sixteen small ones, or a large one alone. */
  rewriteBytesInFlight: 4 * 2 ** 20,
  /** Packs this small are joined once there are many: each is a line of every listing, and a request of its own. */
  smallPackBytes: 2 ** 20,
  smallPacksMin: 64,
  /** Archives count each object as some 40 KiB more, and shops leave smaller ones where they are by default. */
  coldPackBytesMin: 128 * 2 ** 10,
  /** What is sealed anew before the old packs go: more room than this is never needed, and each round reads every entry list. */
  rekeyRoundBytes: 4 * 2 ** 30,
  /** Objects of a store whose locks `check --live` asks for, each a request. */
  locksLookedAt: 12,
  /** Who waits for a thaw of hours asks so seldom: each object is a request. */
  thawAskMs: 300_000,
  /** So many index objects may be small before a prune joins them: each costs every reader a request. */
  smallIndexesMin: 32,
  /** Objects that are removed at once: a store answers many such calls as fast as one. */
  objectsRemovedAtOnce: 16,
  /** More than this share of a store, or of its points, does not go without a word about it; below one pack nobody is asked. */
  unexplainedShareMax: 0.3,
  unexplainedBytesMin: 16 * 2 ** 20,
  /** One list of condemned packs, and the most of them in one; a prune of more makes several. */
  condemnedBytesMax: 4 * 2 ** 20,
  packsPerCondemnedMax: 50_000,
  /** Chunks of a new point that a fresh reader reads back before the point becomes visible. */
  readBackChunks: 32,
  /** Chunks of a new point that the store had already, and that are read back like new ones: damage shows with each backup a bit. */
  readBackReusedChunks: 32,
  /** Attempts at one point, each distrusting what the one before found damaged: a store that shows more is failing as a whole. */
  backupAttemptsMax: 3,
  /** Objects that a replication copies at once, within so many bytes: hides the latency of two stores, bounds memory. */
  objectsCopiedAtOnce: 8,
  replicaBytesInFlight: 64 * 2 ** 20,
  /** Points that a replication makes visible between two looks at the target: each has a session of its own meanwhile. */
  pointsReplicatedAtOnce: 16,
  /** So long a copy waits for its turn at a target, asking so often: what another backup copies there takes minutes at most. */
  copyTurnMs: 600_000,
  copyTurnAskMs: 200,
  /** Records of one shipped piece of a journal, and what it may be long: a record of a run holds the tail of a program's output. */
  journalRowsPerObject: 1_000,
  journalObjectBytesMax: 64 * 2 ** 20,
  /** So many small pieces of one journal are put together: about a day of commands, one request each for whoever reads them. */
  journalPiecesMax: 64,
  /** Points that wait for their copy, as a record names them: the first says what is wrong, and each run asks anew. */
  copyReasonsKept: 20,
  /** Header and key objects are a few hundred bytes; a larger one is not ours. */
  headerBytesMax: 64 * 2 ** 10,
  /** A kit has the program, a page, a runbook and the plan's files. */
  kitFilesMax: 1_000,
  kitRecordBytesMax: 2 ** 20,
  /** A name, an office, a safe: what a sheet and a list have room for. */
  keyLabelCharactersMax: 200,
  /** Each passphrase among them costs a second when a repository is opened; nobody keeps track of more ways in. */
  keysMax: 100,
  /** Argon2 parameters come from the store before anything is authenticated: larger ones would be an attack on memory. */
  keyDerivationMemoryKiBMax: 2 ** 20,
  keyDerivationPassesMax: 64,
  /** Files that a restore keeps open between two chunks of them. */
  openFilesMax: 128,
  /** Questions that `check --live` asks at once: enough that silent hosts do not add up, few enough for any server. */
  liveQuestionsAtOnce: 8,
  /** A stream says its state every five seconds; one that was silent for three of them is not taken to be running. */
  streamSilentMs: 15_000,
  /** One question of `check --live`, unless `--timeout` says otherwise: what takes longer on a quiet day will not do on a bad one. */
  liveAnswerMs: 10_000,
  /** A certificate that renews itself does so a month before its end: with less than this left, it has failed to. */
  certificateLeftMs: 21 * 86_400_000,
  /** A review or waiver that ends within this is worth a line. */
  dueSoonMs: 14 * 86_400_000,
  /** Clocks of two machines that are kept by NTP differ by far less. */
  clockSkewMs: 2_000,
  /** While many points are forgotten, holds are looked at again this often. */
  holdsLookedAtMs: 2_000,
  /** Why something is held: a sentence with a case number, not a file. */
  holdReasonCharactersMax: 2_000,
  /** A point is late only after this: schedulers start late, and backups take a while. */
  pointGraceMs: 600_000,
} as const;
