import { z } from 'zod';
import { runCheck, type CheckResult, type CheckSpec } from '../../../checks/index.ts';
import { LifeboatError } from '../../../core/index.ts';
import {
  checkContextOf,
  checkOf,
  askInside,
  stayInside,
  writtenCheck,
  type WrittenCheck,
} from '../../settings/check-of.ts';
import type { StepContext, StepKind, StepOutcome } from '../../step.ts';

const ofAsset = z.strictObject({ asset: z.string().min(1), of: z.string().min(1) });
const ofService = z.strictObject({ service: z.string().min(1) });
const schema = z.union([ofAsset, ofService, writtenCheck]);
type Settings = z.infer<typeof ofAsset> | z.infer<typeof ofService> | WrittenCheck;

/**
 * `check: { asset: orders, of: "${steps.bring_back.url}" }` asks all checks of an asset of a restored copy;
 * `check: { service: shop }` asks its health where the run acts; `check: { http: …, expect: status == 200 }` asks one thing.
 */
export const checkStep: StepKind<Settings> = {
  kind: 'check',
  about:
    'Asks whether something is so, and fails when it is not. All checks of an asset in a restored copy, the health of a service where the run acts, or any one check.',
  example: [
    '- check: { asset: orders, of: "${steps.bring_back.url}" }',
    '- check: { service: shop }',
    '- check: { http: "http://127.0.0.1:8080/health", expect: status == 200 }',
  ].join('\n'),
  schema: schema as z.ZodType<Settings>,
  destructive: false,
  inBubble: 'inside',
  verifies: true,
  title: (settings) => {
    if (isOfAsset(settings)) return `check ${settings.asset}`;
    if (isOfService(settings)) return `check that ${settings.service} is healthy`;
    return `check by ${Object.keys(settings).find((key) => key !== 'name' && key !== 'expect')}`;
  },
  describe: async ({ settings }, context) => {
    if (isOfAsset(settings)) {
      const declared = context.plan.assets.get(settings.asset)?.checks.length ?? 0;
      return {
        certainty: 'predicted',
        text: `${declared === 0 ? 'the checks' : `${declared} ${declared === 1 ? 'check' : 'checks'} of the plan and those`} that ${settings.asset} brings itself`,
      };
    }
    if (isOfService(settings)) {
      const { length } = healthOf(settings.service, context);
      return {
        certainty: 'predicted',
        text: `${length} health ${length === 1 ? 'check' : 'checks'} of ${settings.service}`,
      };
    }
    const check = checkOf(settings, context.checkKinds);
    const expected = check.spec.expect === undefined ? '' : `, expecting ${check.spec.expect}`;
    return { certainty: 'predicted', text: `${check.kind.describe(check.settings)}${expected}` };
  },
  run: async ({ settings }, context) => outcomeOf(await resultsOf(settings, context), context),
};

async function resultsOf(settings: Settings, context: StepContext): Promise<CheckResult[]> {
  if (isOfAsset(settings)) {
    mustBeCopy(settings.of, context);
    return context.check(settings.asset, settings.of);
  }
  if (isOfService(settings)) {
    const where = checkContextOf(context, settings.service);
    if (where.serviceUrl !== undefined) stayInside(context, where.serviceUrl);
    const results: CheckResult[] = [];
    for (const spec of healthOf(settings.service, context)) {
      askInside(context, spec);
      results.push(await runCheck(spec, context.checkKinds, where));
    }
    return results;
  }
  const { spec } = checkOf(settings, context.checkKinds);
  askInside(context, spec);
  return [await runCheck(spec, context.checkKinds, checkContextOf(context))];
}

/** A drill asks what it restored: the source, or anything else that happens to be green, proves nothing. */
function mustBeCopy(url: string, { mode, copies }: StepContext): void {
  if (mode !== 'drill' || copies().includes(url)) return;
  throw new LifeboatError(
    'drill.bubble',
    'a drill checks what one of its own steps restored, and this is something else',
    {
      hint: 'Write of: "${steps.NAME.url}" with the name of the step that restores it.',
    },
  );
}

function outcomeOf(results: readonly CheckResult[], context: StepContext): StepOutcome {
  for (const { name, ok, observed, expected } of results) {
    context.output(`${ok ? 'green' : 'RED'}  ${name}: ${observed}${ok ? '' : `, expected ${expected}`}`);
  }
  const red = results.filter(({ ok }) => !ok);
  if (red.length > 0) {
    const what = red.map(({ name, observed, expected }) => `${name}: ${observed}, expected ${expected}`).join('; ');
    return {
      state: 'failed',
      code: 'check.failed',
      summary: `${red.length} of ${results.length} checks are red: ${what}`,
    };
  }
  if (results.length === 0) {
    return {
      state: 'failed',
      code: 'check.unanswered',
      summary: 'nothing was checked',
      hint: 'Declare a check in the plan.',
    };
  }
  const one = results.length === 1 ? `${results[0]?.name}: ${results[0]?.observed}` : `${results.length} checks green`;
  return { state: 'done', outputs: { checks: results }, summary: one };
}

function healthOf(name: string, { plan }: StepContext): readonly CheckSpec[] {
  const service = plan.services.get(name);
  if (service === undefined) {
    throw new LifeboatError('plan.unknown_name', `the plan has no service ${name}`, {
      hint: `It has: ${[...plan.services.keys()].join(', ') || 'none'}.`,
    });
  }
  return service.health;
}

const isOfAsset = (settings: Settings): settings is z.infer<typeof ofAsset> =>
  'asset' in settings && typeof settings.asset === 'string';
const isOfService = (settings: Settings): settings is z.infer<typeof ofService> =>
  'service' in settings && typeof settings.service === 'string';
