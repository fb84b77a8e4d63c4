import { blocksOf, type SourceDocument } from '../document/document.ts';
import { codeSpans } from '../document/plain-text.ts';
import type { Draft } from '../draft.ts';
import { isShell } from '../shell/languages.ts';
import { parseScript } from '../shell/parse.ts';
import type { World } from '../world.ts';
import { mapping, scalar, type PlanNode } from '../write/node.ts';
import { short } from './steps.ts';

const file = /^(?:~\/|\.{0,2}\/)?(?:[\w.{}*-]+\/)+[\w.{}*-]*$|^[\w-]+\.(?:sh|ps1|py|ya?ml|md|tf|json|sql)$/;

/** Files that the document refers to: scripts, manifests, modules, other documents. Where they lie is where they are lost. */
export function recogniseDocuments(document: SourceDocument, draft: Draft, world: World): void {
  for (const section of document.sections) {
    for (const block of blocksOf(section.blocks)) {
      if (block.kind === 'code' && block.language === '' && !isShell(block))
        listOfFiles(block.text, block.line, draft, world);
      const lines = block.kind === 'paragraph' ? block.lines : block.kind === 'list' ? block.items : [];
      for (const { text, marked, line } of lines) {
        for (const span of codeSpans(marked).filter((one) => file.test(one))) refer(span, text, line, draft, world);
      }
    }
  }
}

/** `infra/backup/backup.sh   # Database backup script`, one a line. */
function listOfFiles(text: string, firstLine: number, draft: Draft, world: World): void {
  for (const [index, words] of text.split('\n').entries()) {
    const [, path, about = ''] = /^\s*([^\s#]+)\s*(?:#\s*(.*))?$/.exec(words) ?? [];
    if (path !== undefined && file.test(path)) refer(path, about, firstLine + index, draft, world);
  }
}

function refer(path: string, about: string, line: number, draft: Draft, world: World): void {
  const name = world.document(path, kindOf(path), line);
  const plain = about
    .replace(path, '')
    .replaceAll(/[`:]/g, '')
    .replaceAll(/\s+/g, ' ')
    .replace(/^[\s,;.–-]+/, '')
    .trim();
  if (plain.length > 3 && plain.length < 120) world.add('documents', name, 'about', scalar(plain, line));
  const home = /^\/(?:home|Users)\/([\w.-]+)\//.exec(path)?.[1] ?? (path.startsWith('~/') ? 'one person' : undefined);
  if (home !== undefined) {
    const domain = world.domain(`workstation of ${home}`, line);
    world.add('documents', name, 'host', scalar(`the machine of ${home}`, line));
    world.add('documents', name, 'domain', scalar(domain));
    draft.guessed(line, `${short(path)} lies on the machine of ${home}`);
  } else draft.understood(line, `${short(path)} is the document ${name}`);
}

function kindOf(path: string): string {
  if (/\.(sh|ps1|py|rb)$/.test(path)) return 'script';
  if (path.endsWith('.md')) return /runbook/i.test(path) ? 'runbook' : 'document';
  if (/terraform|modules?\//.test(path)) return 'module';
  return /\.(ya?ml|json)$|k8s|overlay|manifest/.test(path) ? 'manifest' : 'document';
}

/** Commands that people keep at hand, below `Useful commands`. */
export function recogniseCommands(document: SourceDocument, draft: Draft): void {
  for (const section of document.sections) {
    if (!/useful commands|cheat ?sheet|quick commands|common commands/i.test(section.title)) continue;
    for (const block of blocksOf(section.blocks)) {
      if (block.kind !== 'code' || !isShell(block)) continue;
      const { statements, comments } = parseScript(block.text, block.line);
      for (const statement of statements) {
        const about = comments.findLast(({ line }) => line < statement.line)?.text;
        const node: Record<string, PlanNode | undefined> = {
          about: about === undefined ? undefined : scalar(about, statement.line - 1),
          command: scalar(statement.raw, statement.line),
        };
        const name = draft.declare(
          'commands',
          about ?? statement.commands[0]?.words.slice(0, 3).join(' ') ?? 'command',
          mapping(node, statement.line),
        );
        draft.understood(statement.line, `the command ${name}`, statement.endLine);
        if (about !== undefined) draft.used(statement.line - 1);
      }
    }
  }
}

/** What must be true before anything happens: lists below `Preparedness` or `Assumptions`. */
export function recogniseReadiness(document: SourceDocument, draft: Draft): void {
  for (const section of document.sections) {
    if (!/prepar(edness|ation)|prerequisit|readiness|assumptions?|requirements?/i.test(section.title)) continue;
    for (const block of section.blocks) {
      if (block.kind !== 'list') continue;
      for (const { text, line } of block.items) {
        if (draft.isUsed(line) || text.endsWith(':')) continue;
        const name = draft.declare(
          'readiness',
          text.split(/[(:,.]/)[0] ?? text,
          mapping({ must: scalar(text, line) }, line),
        );
        draft.understood(line, `what must be so beforehand: ${name}`);
      }
    }
  }
}
