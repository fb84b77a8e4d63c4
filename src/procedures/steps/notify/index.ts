import { z } from 'zod';
import { isLifeboatError, LifeboatError } from '../../../core/index.ts';
import { beyondFill, fill } from '../../../plan/index.ts';
import { notExercised, type StepContext, type StepKind } from '../../step.ts';

const schema = z.strictObject({
  channel: z.string().min(1),
  template: z.string().min(1).optional(),
  text: z.string().min(1).optional(),
  optional: z.boolean().optional().describe('True: the run goes on when no channel takes it, and says so'),
});
type Settings = z.infer<typeof schema>;

/**
 * `notify: { channel: ops, template: resolved }`, or `text:`. Delivered once for each run and step, whatever crashes. What a template names and nobody
 * knows is said in its place. A drill writes the words and tells nobody, so that its step is not exercised: that a channel works is what only telling proves.
 */
export const notifyStep: StepKind<Settings> = {
  kind: 'notify',
  about: 'Tells people something, once, also when the run is gone on with after a crash.',
  example: '- notify: { channel: ops, template: resolved }',
  schema,
  destructive: false,
  inBubble: 'nothing',
  title: ({ channel }) => `tell ${channel}`,
  describe: async ({ settings }, { mode, plan }) => {
    if (mode === 'drill') return { certainty: 'predicted', text: 'shown here; nothing leaves the bubble' };
    const { channel, template } = settings;
    const beyond = template === undefined ? undefined : beyondFill(templateOf(template, plan).body);
    if (beyond !== undefined) return { certainty: 'unknown', text: `the template ${template} holds ${beyond}` };
    const { type = 'console', else: next } = plan.channels.get(channel) ?? {};
    return { certainty: 'predicted', text: `by ${type}${next === undefined ? '' : `, else by ${next}`}; sent once` };
  },
  run: async ({ id, key, settings }, context) => {
    const { channel, text, template, optional = false } = settings;
    const words = template === undefined ? undefined : filled(template, context);
    const subject = words?.subject ?? `${id} (${context.environment.name})`;
    const body = words?.body ?? text ?? `The step ${id} was reached.`;
    const unknown = words?.unknown ?? [];
    if (unknown.length > 0) context.output(`not known yet, and said so: ${unknown.join(', ')}`);
    try {
      const became = await context.notify({ key, channel, subject, body });
      if (context.mode === 'drill') return notExercised(`a drill tells nobody; ${became}`);
      return { state: 'done', outputs: { channel, told: true, unknown }, summary: became };
    } catch (error) {
      if (!optional || !isLifeboatError(error, 'message.undelivered')) throw error;
      context.output(error.message);
      return { state: 'done', outputs: { channel, told: false, unknown }, summary: `NOT told: ${error.message}` };
    }
  },
};

function filled(name: string, context: StepContext): { subject: string; body: string; unknown: string[] } {
  const template = templateOf(name, context.plan);
  const facts = context.messageFacts();
  const [subject, body] = [fill(template.subject ?? name, facts), fill(template.body, facts)];
  return { subject: subject.text, body: body.text, unknown: [...new Set([...subject.unknown, ...body.unknown])] };
}

function templateOf(name: string, { templates }: StepContext['plan']): { subject?: string; body: string } {
  const template = templates.get(name);
  if (template !== undefined) return template;
  throw new LifeboatError('plan.unknown_name', `the plan has no template ${name}`, {
    hint: `It has: ${[...templates.keys()].join(', ') || 'none'}.`,
  });
}
