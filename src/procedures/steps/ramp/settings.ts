import { z } from 'zod';
import { writtenCheck } from '../../settings/check-of.ts';
import { duration } from '../../settings/duration.ts';
import { longOf, programSchema, type Program } from '../../hands/program.ts';

const shareOf = (text: string): number => Number(text.slice(0, -1));
const holdsShare = (each: Program): boolean => longOf(each).run.some((word) => word.includes('{share}'));

const written = z.strictObject({
  service: z.string().min(1),
  over: z
    .array(z.string().regex(/^\d{1,3}%$/, 'it must be a share such as 10%'))
    .min(1)
    .refine((list) => list.every((one, index) => shareOf(one) > (index === 0 ? 0 : shareOf(list[index - 1] ?? ''))), {
      message: 'each share is larger than the one before it',
    })
    .refine((list) => list.every((one) => shareOf(one) <= 100), { message: 'a share is at most 100%' })
    .optional()
    .describe('Shares, one after the other; 10%, 50%, 100% unless stated'),
  while: z
    .union([z.string().min(1), z.array(writtenCheck).min(1)])
    .optional()
    .describe('health (of the service), or checks, that must stay green; any other text is words for people'),
  pause: duration.optional().describe('How long each share is watched; 30s unless stated'),
  replicas: z
    .int()
    .min(1)
    .optional()
    .describe('How many the service has in its cluster when all is let in: a share is so many of them, rounded up'),
  deployment: z
    .string()
    .min(1)
    .optional()
    .describe('With replicas: the deployment, if it is not called as the service'),
  pointer: z.string().min(1).optional().describe('The pointer of the service that says which proxy divides its work'),
  to: z.string().min(1).optional().describe('With pointer: the server that gets the share'),
  each: programSchema
    .refine(holdsShare, { message: 'write {share} where the share belongs' })
    .optional()
    .describe('The program that sets a share, as exec has it: {share} in its words becomes 10, 50, 100'),
  read: z.array(z.string()).min(1).optional().describe('The program that prints the share that there is'),
  red: z
    .enum(['back', 'wait'])
    .optional()
    .describe('What a red check means: back to how it was (unless stated), or wait at this share until it is green'),
  patience: duration
    .optional()
    .describe(
      'With red: wait: how long, before people are asked. With replicas: also how long those of a share may take until they are available. 10m unless stated',
    ),
});

/** Without its replicas the name of a deployment would say nothing, and the service be let in all at once. */
export const schema = written.refine(({ deployment, replicas }) => deployment === undefined || replicas !== undefined, {
  path: ['deployment'],
  message: 'say with replicas how many it has when all is let in',
});

export type Settings = z.infer<typeof schema>;

export const sharesOf = ({ over = ['10%', '50%', '100%'] }: Settings): number[] => over.map(shareOf);

export const isHealth = (word: Settings['while']): boolean => word === undefined || word === 'health';
