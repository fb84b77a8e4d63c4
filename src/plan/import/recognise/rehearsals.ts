import { parseDocument } from 'yaml';
import { blocksOf, type Code, type Section, type SourceDocument } from '../document/document.ts';
import type { Draft } from '../draft.ts';
import { isShell } from '../shell/languages.ts';
import { parseScript } from '../shell/parse.ts';
import { readCadence } from '../words/cadence.ts';
import type { World } from '../world.ts';
import { list, mapping, scalar, texts } from '../write/node.ts';
import { StepWriter } from './steps.ts';

/** Scripts that try a restore: each is a scenario, because what is rehearsed is a procedure like any other, and an exercise. */
export function recogniseRehearsals(
  document: SourceDocument,
  draft: Draft,
  world: World,
  isOther: (line: number) => boolean,
): void {
  for (const section of document.sections) {
    for (const block of blocksOf(section.blocks)) {
      if (block.kind !== 'code' || !isShell(block) || isOther(block.line)) continue;
      if (!/\b(tests?|testing|verif\w+|drill|rehears\w+)\b/i.test(`${section.title} ${block.lead}`)) continue;
      const script = scriptIn(block);
      if (/\b(pg_restore|createdb|restic restore|restore[\w-]*\.sh)\b|\|\s*psql|psql[^|\n]*<\s/.test(script.text))
        rehearsal(script, section, block, draft, world);
    }
  }
}

function rehearsal(script: Code, section: Section, block: Code, draft: Draft, world: World): void {
  const title = block.lead === '' ? section.title : block.lead.replace(/:\s*$/, '');
  const writer = new StepWriter(draft, world);
  writer.code(script);
  if (writer.steps.length === 0) return;
  const leadLine = Math.max(section.line, block.line - 2);
  const name = draft.declare(
    'scenarios',
    title,
    mapping({ trigger: scalar(title, leadLine), steps: list(writer.steps) }, leadLine),
  );
  const often = readCadence(title) ?? readCadence(section.title);
  draft.declare(
    'exercises',
    title,
    mapping(
      {
        kind: scalar('restore', undefined, 'guessed from its commands'),
        every: often === undefined ? undefined : scalar(often.words, leadLine),
        scenario: scalar(name),
        of: texts([world.database(block.line)]),
      },
      leadLine,
    ),
  );
  // What only carries the script, such as the manifest of a job, is used with it.
  draft.used(leadLine, block.line + block.text.split('\n').length - 1);
  draft.understood(leadLine, `"${title}" rehearses a restore: the scenario ${name}`);
}

/** The block, or the script that a manifest inside it hands to a shell. */
function scriptIn(block: Code): Code {
  for (const { commands } of parseScript(block.text, block.line).statements) {
    const heredoc = commands.find((command) => command.heredoc !== undefined)?.heredoc;
    const inner = heredoc === undefined ? undefined : shellIn(heredoc);
    if (inner === undefined) continue;
    const first =
      inner
        .split('\n')
        .find((line) => line.trim() !== '')
        ?.trim() ?? '';
    const at = block.text.split('\n').findIndex((line) => line.trim() === first);
    if (at >= 0) return { ...block, text: inner, line: block.line + at };
  }
  return block;
}

function shellIn(manifest: string): string | undefined {
  const parsed = parseDocument(manifest, { prettyErrors: false });
  if (parsed.errors.length > 0) return undefined;
  let found: string | undefined;
  const walk = (value: unknown, depth: number): void => {
    if (typeof value === 'string' && value.includes('\n')) found ??= value;
    if (typeof value !== 'object' || value === null || depth > 20) return;
    for (const inner of Object.values(value)) walk(inner, depth + 1);
  };
  // Anchors have no place in a manifest that is read for one script.
  if (!/[&*]\w/.test(manifest)) walk(parsed.toJS(), 0);
  return found;
}
