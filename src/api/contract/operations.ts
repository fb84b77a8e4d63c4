import { z } from 'zod';
import { moment, momentOrNever, name, next, paging, problem } from './common.ts';

/** Something that this server does: a turn of the schedule, a stream, or what was asked for here. */
export const operation = z
  .object({
    id: z.string(),
    kind: z.enum(['backup', 'verify', 'copy', 'prune', 'drill', 'recover', 'restore', 'rollback', 'stream']),
    about: z.string().describe('`backup orders`, as the schedule names it'),
    by: z.string().describe('An account, a token, or the schedule'),
    state: z.enum(['running', 'done', 'failed', 'cancelled']),
    startedAt: moment,
    finishedAt: momentOrNever,
    seconds: z.number(),
    phase: z.string(),
    done: z.number().nullable(),
    total: z.number().nullable(),
    unit: z.enum(['bytes', 'files']).nullable(),
    hangs: z.boolean(),
    run: z.string().nullable(),
    words: z.string().describe('What became of it'),
    error: problem.nullable(),
    cancellable: z.boolean(),
  })
  .meta({ id: 'Operation' });
export type Operation = z.infer<typeof operation>;
export const operationList = z
  .object({
    operations: z.array(operation).describe('What runs, then what ended lately'),
    streams: z.array(z.object({ asset: z.string(), state: z.string(), words: z.string() })),
    due: z.array(z.object({ task: z.string(), at: moment })).describe('What comes next'),
  })
  .meta({ id: 'Operations' });
export type OperationList = z.infer<typeof operationList>;

export const startBackups = z
  .strictObject({ assets: z.array(name).max(1_000).default([]).describe('None: all whose copies we make') })
  .meta({ id: 'StartBackups' });
export type StartBackups = z.input<typeof startBackups>;
export const startVerification = z
  .strictObject({
    assets: z.array(name).max(1_000).default([]),
    reading: z.enum(['due', 'full', 'structure', 'everything']).default('due'),
  })
  .meta({ id: 'StartVerification' });
export type StartVerification = z.input<typeof startVerification>;

/** A change that somebody asked for, and what became of it; newest first. */
export const auditRecord = z
  .object({
    sequence: z.number().int(),
    at: moment,
    who: z.string(),
    role: z.string().nullable(),
    by: z.enum(['session', 'token', 'nobody']),
    from: z.string().describe('The address that asked'),
    what: z.string().describe('`POST runs/{run}/approve`, or the words of a command line'),
    words: z.string().nullable().describe('What that is, for people'),
    about: z.string().nullable(),
    status: z.number().int(),
    outcome: z.string().describe('`done`, or the code of the error'),
  })
  .meta({ id: 'AuditRecord' });
export type AuditRecord = z.infer<typeof auditRecord>;
export const auditQuery = paging.extend({
  find: z.string().max(200).optional().describe('Part of who, what, about or from'),
  outcome: z.enum(['done', 'refused']).optional(),
  from: z.iso.datetime({ offset: true }).optional().describe('At this moment or later'),
  to: z.iso.datetime({ offset: true }).optional(),
});
export type AuditQuery = z.input<typeof auditQuery>;
/** Fewer than asked for with a `next`: so far was looked, and it may go on. */
export const auditList = z.object({ records: z.array(auditRecord), next }).meta({ id: 'Audit' });
export type AuditList = z.infer<typeof auditList>;
