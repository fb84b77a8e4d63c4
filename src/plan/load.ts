import { dirname, resolve } from 'node:path';
import { contentHash } from './canonical.ts';
import { assemble, isAssembled, type AssembledDocument } from './assemble.ts';
import type { PlanDocument } from './document.ts';
import { readPlanFiles } from './include.ts';
import { PlanError, tidyFindings } from './findings.ts';
import { Inspection } from './inspection.ts';
import type { PlanKinds } from './kinds.ts';
import type { Domain, Finding, Plan } from './model.ts';
import { readHeader, readVersion } from './sections/header.ts';
import { readPeople } from './sections/people.ts';
import { readPractice } from './sections/practice.ts';
import { checkParameters } from './sections/parameter-names.ts';
import { checkPlainSecrets } from './sections/plain-secrets.ts';
import { readAssets, readKeys, readPolicies, readStores } from './sections/protection.ts';
import { checkReferences, domainUses } from './sections/references.ts';
import { readDrills, readScenarios } from './sections/scenarios.ts';
import { readEnvironments, readServices } from './sections/services.ts';

/**
 * Reads a plan and everything it declares. Executes nothing, opens nothing but the file. `findings` holds all there is to say, in
 * the order of the file; `plan` is there when none of it is an error. Throws only when there is no such file (`plan.missing`,
 * `input.file`).
 */
export async function checkPlan(
  file: string,
  kinds: PlanKinds,
): Promise<{ plan?: Plan; findings: Finding[]; document: PlanDocument }> {
  const document = await readPlanFiles(file);
  return { ...inspectPlan(document, kinds), document };
}

/** As `checkPlan`, for those who need a plan: throws `plan.invalid` (a `PlanError` with all findings) when there is an error. */
export async function loadPlan(file: string, kinds: PlanKinds): Promise<Plan> {
  const { plan, findings } = await checkPlan(file, kinds);
  if (plan === undefined) throw new PlanError(file, findings);
  return plan;
}

/** Reads a plan that was parsed already; what it includes is in it only if it comes from `readPlanFiles`. */
export function inspectPlan(parsed: PlanDocument, kinds: PlanKinds): { plan?: Plan; findings: Finding[] } {
  const document = isAssembled(parsed) ? parsed : assemble(parsed);
  const inspection = new Inspection(document, kinds);
  if (document.value === undefined || !readVersion(inspection)) return { findings: tidyFindings(inspection.findings) };
  const plan = readPlan(inspection, document);
  checkReferences(inspection, [...plan.domains.keys()]);
  checkParameters(inspection);
  checkPlainSecrets(inspection);
  const findings = tidyFindings(inspection.findings);
  return inspection.hasErrors ? { findings } : { plan, findings };
}

function readPlan(inspection: Inspection, document: AssembledDocument): Plan {
  const { file, parameters } = document;
  const folder = dirname(resolve(file));
  const header = readHeader(inspection);
  const { timezone } = header;
  const { assets, exclusions } = readAssets(inspection, folder, timezone);
  return {
    ...header,
    file,
    folder,
    hash: contentHash(contentOf(inspection.root)),
    parameters,
    domains: inspection.root['domains'] === undefined ? domainsUsed(inspection) : header.domains,
    keys: readKeys(inspection, folder),
    stores: readStores(inspection, folder),
    policies: readPolicies(inspection, timezone),
    assets,
    excluded: new Map([...exclusions].map(([name, { reason }]) => [name, reason])),
    exclusions,
    services: readServices(inspection),
    environments: readEnvironments(inspection),
    ...readPractice(inspection, timezone),
    ...readPeople(inspection, timezone),
    scenarios: readScenarios(inspection),
    drills: readDrills(inspection, timezone),
  };
}

/** A plan that is split into files is the same plan. */
const contentOf = ({ include: _files, ...content }: Readonly<Record<string, unknown>>): unknown => content;

/** Without a tree of domains each name that is used is a domain of its own. */
function domainsUsed(inspection: Inspection): Map<string, Domain> {
  const names = domainUses(inspection).map(([name]) => name);
  return new Map(
    names.flatMap((name) => (typeof name === 'string' ? [[name, { name, parent: undefined }] as const] : [])),
  );
}
