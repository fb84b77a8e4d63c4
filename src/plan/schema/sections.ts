import { z } from 'zod';
import {
  calendars,
  duration,
  durationRange,
  identifier,
  listOf,
  name,
  objectives,
  secretOrText,
  secretSource,
  text,
} from './words.ts';
import { rank } from './assets.ts';
import { parameter } from './practice.ts';
import { thing } from './things.ts';
import { dayOfYearPattern, weekdays } from '../retention/days.ts';

/** The declarations of a plan that bring no kinds of their own. What a kind adds (type settings, steps, checks) stands beside. */

type DomainTree = { [domain: string]: DomainTree | null };
export const domainTree: z.ZodType<DomainTree> = z.lazy(() => z.record(name, z.union([z.null(), domainTree])));

export const key = z.strictObject({
  domain: name.optional(),
  passphrase: secretSource.optional(),
  recipients: listOf(z.string().regex(/^age1[a-z0-9]+$/, 'an age recipient starts with age1')).optional(),
  identity: secretSource.optional(),
  shares: z
    .strictObject({ of: z.int().min(2).max(255), needed: z.int().min(2).max(255), holders: listOf(text).optional() })
    .optional(),
});

/** What every store has beside the settings of its kind. */
export const storeCommon = {
  type: text,
  domain: name.optional(),
  lock: duration.optional(),
  about: text.optional(),
};

export const ranks = z.strictObject(Object.fromEntries(rank.options.map((one) => [one, objectives.optional()])));
export const goals = listOf(text);

/** How long one point of each hour, day, week, … stays; for the longer ones also on which day such a time begins. */
const window = z.union([duration, z.strictObject({ for: duration })]);
const windowOn = <T extends z.ZodType>(day: T) =>
  z.union([duration, z.strictObject({ day: day.optional(), for: duration })]);

export const keep = z.strictObject({
  all: duration.optional(),
  hourly: window.optional(),
  daily: window.optional(),
  weekly: windowOn(z.enum(weekdays)).optional(),
  monthly: windowOn(z.union([z.int().min(1).max(31), z.literal('last')])).optional(),
  yearly: windowOn(z.string().regex(dayOfYearPattern, 'a day of the year is written january 1')).optional(),
  pitr: duration.optional(),
  atLeast: z.int().min(1).optional(),
  forever: z.boolean().optional(),
  tiers: listOf(z.strictObject({ after: duration, class: text, for: duration.optional(), store: name.optional() }))
    .optional()
    .describe('Storage classes that points move to after an age, and how long they stay there'),
});

export const policy = z.strictObject({
  every: calendars.optional(),
  on: z.enum(['change']).optional().describe('Taken whenever it changes, beside the calendar'),
  budget: duration.optional().describe('How long taking a point may last'),
  to: listOf(name).optional(),
  copy: z.strictObject({ to: listOf(name), within: duration.optional() }).optional(),
  stream: z
    .strictObject({
      to: listOf(name),
      mode: z.enum(['async', 'sync']).optional(),
      every: duration.optional(),
      optional: z.boolean().optional(),
    })
    .optional(),
  keep: keep.optional(),
  verify: z
    .strictObject({
      every: calendars.optional(),
      youngerThan: duration.optional(),
      readEverything: duration.optional(),
      asks: listOf(z.enum(['exists', 'age', 'checksum', 'decrypts', 'count', 'restores'])).optional(),
      document: name.optional(),
    })
    .optional(),
});

/** Where the address of something stands that a `switch` can turn. */
const secretBytes = secretSource.describe('Base64, as name servers and their tools write it');

const pointer = z.union([
  secretOrText,
  z.strictObject({ env: text, file: text.describe('A file of lines NAME=value') }),
  z.strictObject({ file: text, key: text.describe('A value inside a JSON or YAML file: database.url') }),
  z.strictObject({ link: text.describe('A symbolic link') }),
  z.strictObject({
    dns: text,
    zone: text.optional(),
    ttl: duration.optional(),
    domain: name.optional(),
    of: name.optional(),
    type: z.enum(['A', 'AAAA', 'CNAME', 'TXT']).optional(),
    server: text.optional().describe('The name server that takes changes of the zone: 192.0.2.1:53'),
    sign: z
      .strictObject({
        name: text,
        algorithm: z
          .enum(['hmac-sha256', 'hmac-sha384', 'hmac-sha512'])
          .optional()
          .describe('hmac-sha256 unless stated'),
        secret: secretBytes,
      })
      .optional()
      .describe('The key that signs changes (TSIG)'),
  }),
  z.strictObject({ secret: text, key: text.optional(), file: text.optional() }),
  z.strictObject({ config: text, key: text.optional() }),
  z.strictObject({ discovery: text }),
  z.strictObject({ database: text, of: name.optional().describe('The PostgreSQL it is in') }),
  z.strictObject({ proxy: text, socket: text.optional().describe('The admin socket of HAProxy, or host:port') }),
  z.strictObject({ flag: text, file: text.optional().describe('The file that is there while the flag is on') }),
]);

export const serviceFrame = {
  about: text.optional(),
  rank: rank.optional(),
  needs: listOf(name).optional(),
  objectives: objectives.optional(),
  pointers: z.record(name, pointer).optional(),
  domain: name.optional().describe('With what it is lost, wherever the environments say nothing'),
  external: z.boolean().optional().describe('Somebody else runs it'),
  replicas: z.int().min(0).optional(),
  autoscale: z.boolean().optional(),
  probes: listOf(z.enum(['liveness', 'readiness', 'startup'])).optional(),
  fallbacks: listOf(name).optional().describe('Services that stand in, in order'),
  breaker: z.boolean().optional().describe('A circuit breaker keeps away from what fails'),
  owner: name.optional(),
};

const runs = z.strictObject({
  process: listOf(text).optional(),
  cwd: text.optional(),
  env: z.record(z.string(), secretOrText).optional(),
  systemd: text.optional(),
  pidFile: text.optional().describe('The file that holds its process number'),
  stopSignal: z.enum(['TERM', 'INT', 'QUIT']).optional().describe('What tells it to end; TERM unless stated'),
  stopWithin: duration.optional().describe('Then it is killed; 60s unless stated'),
  host: text.optional(),
});

export const environment = z.strictObject({
  protected: z.boolean().optional(),
  ephemeral: z.boolean().optional(),
  inside: name.optional().describe('The standing environment whose ground a drill borrows'),
  domain: name.optional(),
  cluster: name.optional(),
  namespace: text.optional(),
  standby: z.enum(['cold', 'warm', 'hot']).optional(),
  services: z
    .record(
      name,
      z.strictObject({
        runs: runs.optional(),
        at: text.optional(),
        pointers: z
          .record(name, pointer)
          .optional()
          .describe('Where its pointers stand here, if not where they stand elsewhere'),
      }),
    )
    .optional(),
});

export const scenarioFrame = {
  about: text.optional(),
  category: name.optional(),
  trigger: text.optional(),
  goal: text.optional(),
  impact: text.optional(),
  loses: z.strictObject({ assets: listOf(name).optional(), domains: listOf(name).optional() }).optional(),
  severity: z
    .union([name, listOf(name).min(1)])
    .optional()
    .describe('One, or several to choose from by impact'),
  objectives: objectives.optional(),
  expected: durationRange.optional().describe('How long it is expected to take, apart from what is promised'),
  parameters: z.record(identifier, parameter).optional().describe('Asked for when the run starts'),
  answers: text.optional().describe('What is done, in short'),
  documents: listOf(name).optional(),
  checklists: listOf(name).optional(),
  lastTested: z.iso.date().optional(),
};

/** What every step may have beside the key of its kind. */
export const stepFrame = {
  id: identifier.optional(),
  needs: listOf(identifier).optional().describe('Earlier steps; without it the one before'),
  if: z.string().optional(),
  budget: duration.optional().describe('How long it is expected to take: 30s, 15m'),
  timeout: duration.optional().describe('When it is ended: 30s, 15m'),
  retry: z
    .union([z.int().min(0).max(100), z.strictObject({ times: z.int().min(0).max(100), pause: duration.optional() })])
    .optional(),
  title: text.optional().describe('What it does, for people'),
  command: text.optional().describe('The command as a document has it, kept beside the typed step'),
  program: text.optional().describe('The program that the command calls: psql, pg_restore, kubectl'),
  in: name.optional().describe('The environment, where it is not that of the run'),
  site: name.optional().describe('The domain whose worker does it, where an engine keeps the run going'),
  owner: name.optional().describe('The role that does it'),
  window: name.optional().describe('The window that it waits for'),
  uses: listOf(name)
    .optional()
    .describe('Documents, stores, keys, clusters, services and assets that it cannot do without'),
  takes: listOf(thing).optional().describe('What must be there before'),
  makes: listOf(thing).optional().describe('What is there afterwards'),
  stops: listOf(name).optional().describe('Services and assets that are down afterwards'),
  starts: listOf(name).optional().describe('Services and assets that are up afterwards'),
  destructive: z.boolean().optional().describe('True: it cannot be taken back; somebody types its name before it acts'),
  idempotent: z
    .boolean()
    .optional()
    .describe('True: it may be done again after a crash; false: it is never tried again by itself'),
  undo: text.optional(),
};

const stage = z.strictObject({ name: text, budget: duration.optional() });

export const drill = z.strictObject({
  about: text.optional(),
  scenario: name.optional(),
  restore: text.optional(),
  every: calendars.optional(),
  in: name.optional(),
  budget: durationRange.optional().describe('How long it is planned to take'),
  stages: listOf(stage).optional().describe('Its parts with their budgets'),
  owner: name.optional(),
  point: z
    .enum(['newest', 'random'])
    .optional()
    .describe('Which point is restored where no step names one: random is any that can be restored'),
  absent: z
    .union([z.literal('random'), listOf(name).min(1)])
    .optional()
    .describe('Contacts who cannot be reached in it; random: one of those whom it needs'),
  expect: z
    .strictObject({
      rto: duration.optional(),
      rpo: duration.optional(),
      lost: z.int().min(0).optional(),
      health: z.boolean().optional(),
    })
    .optional(),
});

/** The keys at the top of a plan. */
export const topKeys = [
  'lifeboat',
  'plan',
  'about',
  'version',
  'owner',
  'review',
  'include',
  'parameters',
  'timezone',
  'domains',
  'objectives',
  'ranks',
  'goals',
  'tool',
  'keys',
  'stores',
  'policies',
  'assets',
  'services',
  'clusters',
  'environments',
  'documents',
  'readiness',
  'windows',
  'contacts',
  'categories',
  'severities',
  'escalate',
  'incidents',
  'channels',
  'templates',
  'checklists',
  'scenarios',
  'drills',
  'exercises',
  'alerts',
  'commands',
  'waivers',
] as const;
