import { LifeboatError, type Clock } from '../core/index.ts';
import type { Plan } from '../plan/index.ts';
import type { Store, StoreContext, StoreKind } from '../stores/index.ts';
import { registry } from './registry.ts';

export interface StoreOpening {
  readonly clock: Clock;
  readonly create?: boolean;
  /** The store as it was at that moment, from the versions that it keeps. */
  readonly asOfMs?: number;
}

/** Opens a store of the plan, not wrapped. Throws `plan.unknown_name`, `plan.not_executable`, and what the kind throws. */
export async function openStore(
  plan: Plan,
  name: string,
  clock: Clock,
  create: boolean,
  asOfMs?: number,
): Promise<Store> {
  const { kind, settings, context } = kindOfStore(plan, name, {
    clock,
    create,
    ...(asOfMs === undefined ? {} : { asOfMs }),
  });
  return kind.open(settings, context);
}

/** The kind of a store of the plan, with what it is opened by. */
export function kindOfStore(
  plan: Plan,
  name: string,
  { clock, create = false, asOfMs }: StoreOpening,
): { kind: StoreKind; settings: unknown; context: StoreContext } {
  const declaration = plan.stores.get(name);
  if (declaration === undefined) {
    throw new LifeboatError('plan.unknown_name', `the plan has no store ${name}`, {
      hint: `It has: ${[...plan.stores.keys()].join(', ')}.`,
    });
  }
  const { type, settings, lockMs } = declaration;
  const kind = registry.stores.find((one) => one.type === type);
  if (kind === undefined) {
    throw new LifeboatError('plan.not_executable', `stores of type ${type} cannot be used yet`, { where: name });
  }
  const context = {
    baseFolder: plan.folder,
    create,
    clock,
    ...(lockMs === undefined ? {} : { lockMs }),
    ...(asOfMs === undefined ? {} : { asOfMs }),
  };
  return { kind, settings, context };
}
