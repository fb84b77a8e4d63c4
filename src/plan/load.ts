import { dirname, resolve } from 'node:path';
import { contentHash } from './canonical.ts';
import { readDocument, type PlanDocument } from './document.ts';
import { PlanError, tidyFindings } from './findings.ts';
import { Inspection } from './inspection.ts';
import type { PlanKinds } from './kinds.ts';
import type { Domain, Finding, Plan } from './model.ts';
import { readHeader, readVersion } from './sections/header.ts';
import { readPeople } from './sections/people.ts';
import { checkPlainSecrets } from './sections/plain-secrets.ts';
import { readAssets, readKeys, readPolicies, readStores } from './sections/protection.ts';
import { checkReferences } from './sections/references.ts';
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
  const document = await readDocument(file);
  return { ...inspectPlan(document, kinds), document };
}

/** As `checkPlan`, for those who need a plan: throws `plan.invalid` (a `PlanError` with all findings) when there is an error. */
export async function loadPlan(file: string, kinds: PlanKinds): Promise<Plan> {
  const { plan, findings } = await checkPlan(file, kinds);
  if (plan === undefined) throw new PlanError(file, findings);
  return plan;
}

/** Reads a plan that was parsed already. */
export function inspectPlan(document: PlanDocument, kinds: PlanKinds): { plan?: Plan; findings: Finding[] } {
  const inspection = new Inspection(document, kinds);
  if (document.value === undefined || !readVersion(inspection)) return { findings: tidyFindings(inspection.findings) };
  const plan = readPlan(inspection);
  checkReferences(inspection, [...plan.domains.keys()]);
  checkPlainSecrets(inspection);
  const findings = tidyFindings(inspection.findings);
  return inspection.hasErrors ? { findings } : { plan, findings };
}

function readPlan(inspection: Inspection): Plan {
  const { file } = inspection.document;
  const folder = dirname(resolve(file));
  const header = readHeader(inspection);
  const { assets, excluded } = readAssets(inspection, folder);
  const keys = readKeys(inspection, folder);
  const stores = readStores(inspection, folder);
  const environments = readEnvironments(inspection);
  const used = [...keys.values(), ...stores.values(), ...assets.values(), ...environments.values()].map(
    ({ domain }) => domain,
  );
  return {
    name: header.name,
    file,
    folder,
    hash: contentHash(inspection.root),
    timezone: header.timezone,
    owner: header.owner,
    objectives: header.objectives,
    domains: inspection.root['domains'] === undefined ? domainsOf(used) : header.domains,
    keys,
    stores,
    policies: readPolicies(inspection, header.timezone),
    assets,
    excluded,
    services: readServices(inspection),
    environments,
    scenarios: readScenarios(inspection),
    drills: readDrills(inspection, header.timezone),
    people: { ...readPeople(inspection), ...(header.review === undefined ? {} : { review: header.review }) },
  };
}

const domainsOf = (names: readonly (string | undefined)[]): Map<string, Domain> =>
  new Map(names.flatMap((name) => (name === undefined ? [] : [[name, { name, parent: undefined }] as const])));
