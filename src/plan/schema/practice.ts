import { z } from 'zod';
import { calendars, duration, durationRange, listOf, name, secretOrText, share, text } from './words.ts';

/** What stands around protection and procedures: documents, alerts, exercises, commands, clusters, windows, the tool itself. */

export const documentFrame = z.strictObject({
  kind: z.enum(['script', 'runbook', 'manifest', 'module', 'record', 'dashboard', 'program', 'document']).optional(),
  path: z
    .union([text, listOf(text).min(1)])
    .optional()
    .describe('Files, relative to where the document lives'),
  url: text.optional(),
  host: text.optional().describe('The machine or repository that holds it'),
  domain: name.optional().describe('With what it is lost'),
  about: text.optional(),
  owner: name.optional(),
});

/** What an alert looks at. */
const watch = z.strictObject({
  asset: name.optional(),
  store: name.optional(),
  service: name.optional(),
  policy: name.optional(),
  drill: z.union([name, z.literal('any')]).optional(),
});

export const alert = z.strictObject({
  kind: z.enum(['failure', 'freshness', 'size', 'health']).describe('What it tells of'),
  watch: watch.optional(),
  olderThan: duration.optional().describe('It rings when the newest success is older'),
  changesBy: share.optional().describe('It rings when the size differs by more from its mean'),
  over: duration.optional().describe('The span of that mean'),
  for: duration.optional().describe('How long it must be so before it rings'),
  priority: z.enum(['critical', 'warning', 'info']).optional(),
  metric: text.optional().describe('The metric that it reads'),
  query: text.optional().describe('The rule as its own system has it'),
  says: text.optional(),
  notify: listOf(name).optional().describe('Channels'),
});

/** What people do on a calendar and no program does for them; rehearsals of scenarios and restores are drills. */
export const exercise = z.strictObject({
  kind: z.enum([
    'tabletop',
    'review',
    'audit',
    'training',
    'chaos',
    'failover',
    'rebuild',
    'rotation',
    'restore',
    'test',
  ]),
  about: text.optional(),
  every: calendars.optional(),
  budget: durationRange.optional().describe('How long it takes'),
  in: name.optional().describe('The environment'),
  scenario: name.optional(),
  of: listOf(name).optional().describe('Assets, stores, keys, services or documents that it is about'),
  by: listOf(name).optional().describe('Roles'),
  pick: z.enum(['all', 'random']).optional().describe('All of them each time, or one at random'),
  stages: listOf(z.strictObject({ name: text, budget: duration.optional() })).optional(),
  success: listOf(text).optional(),
});

/** A command that people keep at hand. */
export const command = z.strictObject({
  about: text.optional(),
  command: text,
  changes: z.boolean().optional().describe('False: it only looks'),
  uses: listOf(name).optional(),
});

export const cluster = z.strictObject({
  kind: z.enum(['kubernetes', 'postgres', 'hosts']).optional(),
  domain: name.optional(),
  context: text.optional().describe('What its own tool calls it'),
  region: text.optional(),
  zones: z.enum(['one', 'several']).optional(),
  ingress: text.optional(),
  namespaces: listOf(text).optional(),
  standby: z.enum(['cold', 'warm', 'hot']).optional().describe('Made when needed, made but idle, or at work already'),
  madeFrom: listOf(name).optional().describe('Documents that make it'),
});

/** What must be true before anything happens, so that recovery can work. */
export const readiness = z.strictObject({
  must: text,
  of: listOf(name).optional().describe('Services, assets or clusters'),
  checks: listOf(z.record(z.string(), z.unknown())).optional(),
  owner: name.optional(),
});

export const window = z.strictObject({
  every: calendars.optional(),
  for: duration.optional(),
  about: text.optional(),
});

const address = z
  .string()
  .regex(/^https?:\/\/[^\s/?#@]+\/?$/, 'not an address: write http://127.0.0.1:8080')
  .meta({ description: 'http://host:port' });

/** A server of Restate that stands already. */
const engine = z.strictObject({
  type: z.literal('restate'),
  at: address
    .or(listOf(address).min(1))
    .describe('Where it takes requests: http://127.0.0.1:8080, or one address for each of its nodes'),
  admin: address
    .or(listOf(address).min(1))
    .describe('Where it takes workers: http://127.0.0.1:9070, or one address for each of its nodes'),
  site: name.describe('The domain whose worker leads the runs and holds their records'),
  signedBy: listOf(text)
    .optional()
    .describe(
      'The public keys of its requests (publickeyv1_…): workers take no others. One that listens beyond its own machine needs them',
    ),
});

/** Where this program itself runs, and what it needs to let people in. */
export const tool = z.strictObject({
  domain: name.optional(),
  host: text.optional(),
  signIn: z.strictObject({ with: text.optional(), domain: name.optional() }).optional(),
  engine: engine.optional().describe('A server that keeps runs going across machines: recover --engine restate'),
  heartbeat: z
    .strictObject({
      url: secretOrText.describe('Asked with GET while `serve` is well'),
      every: duration.optional().describe('How often; a minute unless stated'),
    })
    .optional()
    .describe('A dead man’s switch outside: who hears nothing for a while calls people'),
  alarms: z
    .strictObject({
      critical: listOf(name).optional().describe('Channels; an empty list: nobody'),
      warning: listOf(name).optional().describe('Channels; an empty list: nobody'),
      remind: duration.optional().describe('How often what still rings is told again; four hours unless stated'),
    })
    .optional()
    .describe('Whom `serve` itself tells when an alarm begins and ends'),
});

export const waiver = z.strictObject({
  rule: text.describe('The code of the finding that is accepted'),
  at: text.optional().describe('The path that it is accepted at, and below'),
  why: text,
  by: text.optional(),
  until: z.iso.date().optional(),
});

export const parameter = z.strictObject({
  type: z.enum(['text', 'number', 'boolean', 'duration']).optional(),
  default: z.union([z.string(), z.number(), z.boolean()]).optional(),
  about: text.optional(),
  oneOf: listOf(z.union([z.string(), z.number()]))
    .min(1)
    .optional(),
});

export const include = z.union([
  text,
  z.strictObject({ file: text, with: z.record(name, z.union([z.string(), z.number(), z.boolean()])).optional() }),
]);
