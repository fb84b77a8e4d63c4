import { LifeboatError, limits } from '../../core/index.ts';
import { blocksOf, type Block, type SourceDocument } from './document/document.ts';
import { readMarkdown } from './document/read.ts';
import { Draft, type Remark } from './draft.ts';
import { declareFolders, finishPlan } from './finish.ts';
import { recogniseAlerts, recogniseAlertWords } from './recognise/alerts.ts';
import { recogniseChecklists, recogniseCommunications } from './recognise/communications.ts';
import { recogniseContacts } from './recognise/contacts.ts';
import { recogniseCommands, recogniseDocuments, recogniseReadiness } from './recognise/documents.ts';
import { recogniseChecks } from './recognise/checks.ts';
import { recogniseHeader } from './recognise/header.ts';
import { recognisePractice } from './recognise/practice.ts';
import { recogniseProtection } from './recognise/protection.ts';
import { proceduresOf, recogniseScenarios, recogniseScenarioTables } from './recognise/scenarios.ts';
import { recogniseRehearsals } from './recognise/rehearsals.ts';
import { recogniseScripts } from './recognise/scripts.ts';
import { recogniseSettings } from './recognise/settings.ts';
import { recogniseCategories, recogniseSeverities } from './recognise/severities.ts';
import { recogniseRanks, recogniseTargets } from './recognise/targets.ts';
import { recogniseVerification } from './recognise/verification.ts';
import { leftOver } from './left-over.ts';
import { masked, withoutSecrets } from './without-secrets.ts';
import type { ImportedPlan } from './index.ts';
import { World } from './world.ts';
import { plainDollars } from './write/plain-dollars.ts';
import { writeYaml } from './write/yaml.ts';

/** As `importDocument` of the index says. */
export function importDocument(text: string, name: string): ImportedPlan {
  if (text.length > limits.importCharactersMax) {
    throw new LifeboatError(
      'limit.exceeded',
      `${name} has ${text.length} characters; a document has at most ${limits.importCharactersMax}`,
    );
  }
  const document = readMarkdown(text);
  const draft = new Draft();
  recogniseAll(document, draft, name, text);
  const root = plainDollars(withoutSecrets(finishPlan(draft), draft));
  const heading = [
    'yaml-language-server: $schema=./schema/lifeboat.schema.json',
    `Read from ${name.replaceAll(/[^\x20-\x7e]/g, '?')} by lifeboat init --from; "line 42" behind a line is the line of that document.`,
    'What stands in [brackets] the document does not say. Next: lifeboat check',
  ];
  const { understood, guessed } = draft.remarks();
  const said = (remarks: readonly Remark[]): Remark[] =>
    remarks.map((remark) => ({ ...remark, text: masked(remark.text) }));
  return {
    plan: writeYaml(root, heading),
    understood: said(understood),
    guessed: said(guessed),
    leftOver: said(leftOver(document, draft)),
  };
}

function recogniseAll(document: SourceDocument, draft: Draft, name: string, text: string): void {
  const world = new World(draft, text);
  const procedures = proceduresOf(document);
  const inProcedure = linesOf(procedures.flatMap(({ blocks }) => blocks));
  const aboutProcedure = new Set([
    ...inProcedure,
    ...linesOf(procedures.flatMap(({ about }) => about.flatMap(({ blocks }) => blocks))),
  ]);
  recogniseHeader(document, draft, name);
  recogniseScripts(document, draft, world, (line) => inProcedure.has(line));
  const placePolicies = recogniseProtection(document, draft, world, (line) => aboutProcedure.has(line));
  recogniseContacts(document, draft);
  recogniseSeverities(document, draft);
  recogniseCategories(document, draft);
  recogniseScenarios(procedures, draft, world);
  recogniseRehearsals(document, draft, world, (line) => inProcedure.has(line));
  declareFolders(draft);
  placePolicies();
  recogniseSettings(document, draft, world);
  recogniseVerification(document, draft);
  recogniseChecks(document, draft, world);
  recogniseTargets(document, draft, (line) => aboutProcedure.has(line));
  recogniseRanks(document, draft);
  recogniseScenarioTables(document, draft);
  recogniseAlerts(document, draft);
  recogniseAlertWords(document, draft);
  recognisePractice(document, draft);
  recogniseCommunications(document, draft);
  recogniseChecklists(document, draft);
  recogniseCommands(document, draft);
  recogniseDocuments(document, draft, world);
  recogniseReadiness(document, draft);
}

function linesOf(blocks: readonly Block[]): Set<number> {
  const lines = new Set<number>();
  for (const block of blocksOf(blocks)) {
    if (block.kind === 'list') for (const { line } of block.items) lines.add(line);
    else if (block.kind === 'paragraph') for (const { line } of block.lines) lines.add(line);
    else lines.add(block.line);
  }
  return lines;
}
