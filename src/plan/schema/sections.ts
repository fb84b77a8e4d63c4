import { z } from 'zod';
import { calendars, duration, listOf, name, objectives, secretOrText, secretSource, text } from './words.ts';

/** The declarations of a plan that bring no kinds of their own. What a kind adds (type settings, steps, checks) stands beside. */

export const review = z.strictObject({ last: z.iso.date().optional(), every: calendars.optional() });

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
export const storeCommon = { type: text, domain: name.optional(), lock: duration.optional() };

/** What every asset has beside the settings of its kind; its checks are read apart. */
export const assetCommon = { type: text, domain: name.optional(), policy: name.optional() };

export const excludedAsset = z.strictObject({ excluded: text.meta({ description: 'Why it is left out on purpose' }) });

const window = z.union([
  duration,
  z.strictObject({ day: z.union([text, z.int().min(1).max(31)]).optional(), for: duration }),
]);

export const keep = z.strictObject({
  all: duration.optional(),
  hourly: window.optional(),
  daily: window.optional(),
  weekly: window.optional(),
  monthly: window.optional(),
  yearly: window.optional(),
  pitr: duration.optional(),
  atLeast: z.int().min(1).optional(),
});

export const policy = z.strictObject({
  every: calendars.optional(),
  to: listOf(name).optional(),
  copy: z.strictObject({ to: listOf(name), within: duration.optional() }).optional(),
  stream: z
    .strictObject({ to: listOf(name), mode: z.enum(['async', 'sync']).optional(), every: duration.optional() })
    .optional(),
  keep: keep.optional(),
  verify: z
    .strictObject({
      every: calendars.optional(),
      youngerThan: duration.optional(),
      readEverything: duration.optional(),
    })
    .optional(),
});

export const serviceFrame = {
  rank: z.enum(['critical', 'high', 'medium', 'low']).optional(),
  needs: listOf(name).optional(),
  objectives: objectives.optional(),
  pointers: z.record(name, secretOrText).optional(),
};

const runs = z.strictObject({
  process: listOf(text).optional(),
  cwd: text.optional(),
  env: z.record(z.string(), secretOrText).optional(),
  systemd: text.optional(),
  host: text.optional(),
});

export const environment = z.strictObject({
  protected: z.boolean().optional(),
  ephemeral: z.boolean().optional(),
  domain: name.optional(),
  services: z.record(name, z.strictObject({ runs: runs.optional(), at: text.optional() })).optional(),
});

export const scenarioFrame = {
  trigger: text.optional(),
  loses: z.strictObject({ assets: listOf(name).optional(), domains: listOf(name).optional() }).optional(),
  severity: name.optional(),
  objectives: objectives.optional(),
};

export const drill = z.strictObject({
  scenario: name.optional(),
  restore: text.optional(),
  every: calendars.optional(),
  in: name.optional(),
  expect: z
    .strictObject({
      rto: duration.optional(),
      rpo: duration.optional(),
      lost: z.int().min(0).optional(),
      health: z.boolean().optional(),
    })
    .optional(),
});

export const contact = z.strictObject({
  role: name.optional(),
  name: text.optional(),
  email: z.email().optional(),
  phone: text.optional(),
  backup: name.optional(),
});

export const severity = z.strictObject({
  respond: duration.optional(),
  notify: listOf(name).optional(),
  escalate: listOf(z.strictObject({ role: name, after: duration })).optional(),
  updates: duration.optional(),
});

const channelCommon = { else: name.optional() };
export const channel = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('console'), ...channelCommon }),
  z.strictObject({ type: z.literal('webhook'), url: secretOrText, ...channelCommon }),
  z.strictObject({ type: z.literal('slack'), url: secretOrText, ...channelCommon }),
  z.strictObject({ type: z.literal('pagerduty'), routingKey: secretSource, ...channelCommon }),
  z.strictObject({
    type: z.literal('smtp'),
    url: secretOrText,
    to: listOf(name).min(1),
    from: text.optional(),
    ...channelCommon,
  }),
]);
export const channelTypes = ['console', 'webhook', 'slack', 'pagerduty', 'smtp'];

export const template = z.strictObject({ subject: text.optional(), body: text });

/** The keys at the top of a plan. */
export const topKeys = [
  'lifeboat',
  'plan',
  'owner',
  'review',
  'timezone',
  'domains',
  'objectives',
  'keys',
  'stores',
  'policies',
  'assets',
  'services',
  'environments',
  'contacts',
  'scenarios',
  'drills',
  'severities',
  'channels',
  'templates',
] as const;
