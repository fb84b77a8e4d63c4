import { didYouMean } from '../did-you-mean.ts';
import type { Path } from '../document.ts';
import { isMapping, type Inspection } from '../inspection.ts';
import { parametersIn } from '../parameters.ts';
import { parameter, include } from '../schema/practice.ts';
import { identifier } from '../schema/words.ts';
import { z } from 'zod';

/**
 * Every `${parameters.NAME}` names a parameter. Those of the plan have been replaced by their values; what is left is asked for when
 * a run starts, and is declared by its scenario.
 */
export function checkParameters(inspection: Inspection): void {
  const { root } = inspection;
  inspection.read(z.record(identifier, parameter).optional(), root['parameters'], ['parameters']);
  inspection.read(z.array(include).optional(), root['include'], ['include']);
  for (const [section, content] of Object.entries(root)) {
    if (section === 'scenarios' && isMapping(content)) checkScenarios(inspection, content);
    else if (section !== 'parameters') check(inspection, content, [section], []);
  }
}

function checkScenarios(inspection: Inspection, scenarios: Record<string, unknown>): void {
  for (const [name, scenario] of Object.entries(scenarios)) {
    const declared =
      isMapping(scenario) && isMapping(scenario['parameters']) ? Object.keys(scenario['parameters']) : [];
    check(inspection, scenario, ['scenarios', name], declared);
  }
}

function check(inspection: Inspection, value: unknown, path: Path, declared: readonly string[]): void {
  if (typeof value === 'string') {
    for (const name of parametersIn(value).filter((one) => !declared.includes(one))) {
      const hint = didYouMean(name, declared) ?? 'Declare it under parameters, of the plan or of the scenario.';
      inspection.error('plan.unknown_reference', path, `there is no parameter "${name}"`, hint, 'value');
    }
  } else if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) check(inspection, item, [...path, index], declared);
  } else if (isMapping(value)) {
    for (const [key, part] of Object.entries(value)) check(inspection, part, [...path, key], declared);
  }
}
