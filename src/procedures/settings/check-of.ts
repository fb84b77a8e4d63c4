import { resolve } from 'node:path';
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
import { isInside } from './inside.ts';

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

/** The same for a whole check, whose files lie below the bubble's folder: what production's log says proves nothing about a copy. */
export function askInside(context: StepContext, spec: CheckSpec): void {
  stayInside(context, spec.settings);
  const { environment, mode, checkKinds } = context;
  if (mode !== 'drill' || !environment.ephemeral) return;
  const outside = filesIn(spec, checkKinds).find(
    (path) => !isInside(environment.folder, resolve(environment.folder, path)),
  );
  if (outside === undefined) return;
  throw new LifeboatError('drill.bubble', `a drill may not read ${outside}: it is outside its bubble`, {
    hint: 'Name what the bubble holds: a relative path is below its folder, ${steps.….path} what a step restored.',
  });
}

/** A path with a `${…}` in it is asked about when it is known. */
function filesIn({ kind: name, settings }: CheckSpec, kinds: readonly CheckKind[]): readonly string[] {
  const kind = kinds.find((one) => one.kind === name);
  const parsed = kind?.schema.safeParse(settings);
  if (parsed?.success !== true) return [];
  return (kind?.files?.(parsed.data) ?? []).filter((path) => !path.includes('${'));
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
