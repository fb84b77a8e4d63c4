import { z } from 'zod';
import {
  parseCheck,
  parseCheckSettings,
  type CheckContext,
  type CheckKind,
  type CheckSpec,
} from '../../checks/index.ts';
import { LifeboatError } from '../../core/index.ts';
import type { StepContext } from '../step.ts';

const beside = ['name', 'expect', 'timeout'];

/** A check as a step writes it: one key names the kind (`http: …`), `name` and `expect` may stand beside it. */
export const writtenCheck = z.record(z.string(), z.unknown()).refine((value) => kindKeys(value).length === 1, {
  message: 'a check has exactly one key that names its kind, e.g. http, tcp, sql, file or command',
});
export type WrittenCheck = z.infer<typeof writtenCheck>;

/** Throws `plan.invalid` for a kind nobody knows or settings it does not take. */
export function checkOf(
  written: WrittenCheck,
  kinds: readonly CheckKind[],
): { spec: CheckSpec; kind: CheckKind; settings: unknown } {
  const spec = parseCheck(written, kinds);
  return { spec, ...parseCheckSettings(spec, kinds) };
}

/** Where a check of a step looks: in a bubble below its folder, else below the plan's. */
export const checkContextOf = (context: StepContext, service?: string): CheckContext => {
  const serviceUrl = service === undefined ? undefined : context.environment.serviceUrl(service);
  const root = context.environment.ephemeral ? context.environment.folder : context.plan.folder;
  return {
    clock: context.clock,
    baseFolder: context.plan.folder,
    root,
    signal: context.signal,
    ...(serviceUrl === undefined ? {} : { serviceUrl }),
  };
};

/** A drill reaches nothing outside: an address of another machine in its checks is refused before it is asked. */
export function stayInside(context: StepContext, settings: unknown): void {
  if (context.mode !== 'drill') return;
  const outside = addressesIn(settings).find((host) => !loopback.has(host));
  if (outside === undefined) return;
  throw new LifeboatError('drill.bubble', `a drill may not ask ${outside}: it reaches nothing outside its bubble`, {
    hint: 'Use what the bubble holds: ${steps.….url}, or a service of the environment.',
  });
}

const loopback = new Set(['localhost', '127.0.0.1', '[::1]', '::1', '']);

function addressesIn(value: unknown): string[] {
  if (typeof value === 'string') {
    const host = URL.canParse(value) ? new URL(value).hostname : /^([a-z0-9.-]+):\d+$/i.exec(value)?.[1];
    return host === undefined ? [] : [host];
  }
  if (typeof value !== 'object' || value === null) return [];
  const own = 'host' in value && typeof value.host === 'string' ? [value.host] : [];
  return [...own, ...Object.values(value).flatMap(addressesIn)];
}

const kindKeys = (value: Record<string, unknown>): string[] =>
  Object.keys(value).filter((key) => !beside.includes(key));
