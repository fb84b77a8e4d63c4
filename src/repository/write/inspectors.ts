import type { Inspector } from '../../assets/index.ts';
import { loadOwnModule } from '../../core/index.ts';

const loaded = new Map<string, Promise<Inspector>>();

/** This thread's inspector of a module (`Inspection.module`). */
export function inspectorOf(module: string): Promise<Inspector> {
  const inspector =
    loaded.get(module) ??
    (loadOwnModule(module) as Promise<{ makeInspector: () => Inspector }>).then(({ makeInspector }) => makeInspector());
  loaded.set(module, inspector);
  return inspector;
}
