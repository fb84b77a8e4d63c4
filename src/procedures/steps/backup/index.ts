import { z } from 'zod';
import { formatBytes } from '../../../core/index.ts';
import { notExercised, type StepKind } from '../../step.ts';

const schema = z.union([z.string().min(1), z.strictObject({ asset: z.string().min(1) })]);
type Settings = z.infer<typeof schema>;

const assetOf = (settings: Settings): string => (typeof settings === 'string' ? settings : settings.asset);

/** `backup: orders`: takes a point now, e.g. a last one before something is changed. Taking it twice harms nothing. */
export const backupStep: StepKind<Settings> = {
  kind: 'backup',
  about: 'Takes a point now, for example a last one before something is changed.',
  example: '- backup: orders',
  schema,
  destructive: false,
  inBubble: 'nothing',
  title: (settings) => `take a recovery point of ${assetOf(settings)}`,
  describe: async ({ settings }, context) => {
    const { description } = await context.asset(assetOf(settings)).identify({ signal: context.signal });
    return { certainty: 'predicted', text: `reads ${description}, which answers now` };
  },
  run: async ({ settings }, context) => {
    if (context.mode === 'drill') return notExercised('a drill takes no recovery point: it archives nowhere');
    const reports = await context.backup(assetOf(settings));
    const points = reports.map(({ store, point }) => ({ store, point: point.id }));
    const first = reports[0]?.point;
    if (first === undefined) return { state: 'failed', code: 'point.none', summary: 'no store took a point' };
    for (const warning of reports.flatMap(({ warnings }) => warnings)) context.output(`warning: ${warning}`);
    return {
      state: 'done',
      outputs: { point: first.id, points, bytes: first.bytes, seconds: first.seconds },
      summary: `${formatBytes(first.bytes)} in ${reports.map(({ store }) => store).join(', ')}`,
    };
  },
};
