import type { PlanDocument } from '../document.ts';
import type { PlanKinds } from '../kinds.ts';
import { survivalOf } from '../lint/survival/survival.ts';
import type { Finding, Plan } from '../model.ts';
import type { RenderContext } from './context.ts';
import type { Runbook } from './model.ts';
import { recordOf, type PlanFile } from './record.ts';
import { checklistSections } from './sections/checklists.ts';
import { copiesSection } from './sections/copies.ts';
import { messageSections } from './sections/messages.ts';
import { objectivesSection } from './sections/objectives.ts';
import { paperSections } from './sections/papers.ts';
import { peopleSection } from './sections/people.ts';
import { practiceSections } from './sections/practice.ts';
import { quickSection } from './sections/quick.ts';
import { scenarioSection } from './sections/scenario.ts';
import { aboutSection, coverBlocks } from './sections/title.ts';
import { treeSection } from './sections/tree.ts';

export interface RunbookInput {
  readonly plan: Plan;
  readonly document: PlanDocument;
  readonly kinds: PlanKinds;
  /** What `check` has to say of the plan. */
  readonly findings: readonly Finding[];
  /** The files that the plan was read from. */
  readonly files: readonly PlanFile[];
  /** The day it is rendered, `2026-11-21`: the same plan on the same day gives the same bytes. */
  readonly date: string;
  readonly tool: string;
}

/** The plan as a document for people, without the looks of any format. Pure; holds no secret, because a plan holds none. */
export function runbookOf(input: RunbookInput): Runbook {
  const { plan, document, findings, kinds, date, tool } = input;
  const record = recordOf(input);
  const dayMs = Date.parse(`${date}T00:00:00Z`);
  const survivals = survivalOf(plan, document, dayMs).filter(({ kind }) => kind === 'scenario');
  const context: RenderContext = {
    plan,
    findings,
    dayMs,
    survival: new Map(survivals.map((one) => [one.name, one])),
    assetTypes: new Set(kinds.assets.map(({ type }) => type)),
    stepKinds: new Set(kinds.steps.map(({ kind }) => kind)),
  };
  const version = plan.version === undefined ? '' : `, version ${plan.version}`;
  return {
    title: `Recovery runbook: ${plan.name}`,
    subtitle: plan.about ?? `How ${plan.name} comes back`,
    footer: `${plan.name}${version} · ${plan.hash.slice(0, 12)} · ${date} · ${tool}`,
    record,
    cover: coverBlocks(context, record),
    sections: [
      quickSection(context),
      treeSection(context),
      peopleSection(context),
      objectivesSection(context),
      ...[...plan.scenarios.values()].map((scenario) => scenarioSection(scenario, context)),
      ...checklistSections(context),
      ...messageSections(context),
      copiesSection(context),
      ...practiceSections(context),
      ...paperSections(context),
      aboutSection(context),
    ],
  };
}
