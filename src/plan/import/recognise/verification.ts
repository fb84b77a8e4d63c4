import type { SourceDocument } from '../document/document.ts';
import type { Draft } from '../draft.ts';
import { readCadence } from '../words/cadence.ts';
import { readLength } from '../words/durations.ts';
import { isMap, mapping, scalar, texts, type PlanNode } from '../write/node.ts';

/** `Daily verification` with its list of checks: what every copy is asked, and how old the newest may be. */
export function recogniseVerification(document: SourceDocument, draft: Draft): void {
  for (const section of document.sections) {
    if (!/verif/i.test(section.title) || !/back ?up/i.test([...section.around, section.title].join(' '))) continue;
    const often = readCadence(section.title);
    const items = section.blocks.flatMap((block) => (block.kind === 'list' && !block.ordered ? block.items : []));
    const asked = items.flatMap(({ text, line }) => questionsIn(text).map((question) => ({ question, text, line })));
    if (asked.length === 0) continue;
    const age = asked.find(({ question }) => question === 'age');
    const youngerThan = age === undefined ? undefined : readLength(age.text);
    const verify = mapping(
      {
        every: often === undefined ? undefined : scalar(often.words, section.line),
        youngerThan: youngerThan === undefined ? undefined : scalar(youngerThan.words, age?.line),
        asks: texts([...new Set(asked.map(({ question }) => question))], items[0]?.line),
      },
      section.line,
    );
    if (!place(verify, asked, draft)) continue;
    for (const { line } of items) draft.used(line);
    draft.understood(
      section.line,
      `copies are verified${often === undefined ? '' : ` ${often.words}`}: ${asked.length} questions`,
    );
  }
}

/** On the policies of the databases; the count of copies belongs to what is kept. */
function place(verify: PlanNode, asked: readonly { text: string; line: number }[], draft: Draft): boolean {
  const count = asked
    .map(({ text, line }) => ({ count: /\bat least (\d+)\b/i.exec(text)?.[1], line }))
    .find((one) => one.count !== undefined);
  const policies = ['of_postgres', 'of_database', 'of_sqlite', 'backups'].flatMap(
    (name) => draft.section('policies').get(name) ?? [],
  );
  for (const policy of policies) {
    if (!isMap(policy)) continue;
    policy.entries.set('verify', verify);
    if (count?.count === undefined || Number(count.count) < 1) continue;
    const keep = policy.entries.get('keep');
    const entries = isMap(keep) ? keep.entries : new Map<string, PlanNode>();
    entries.set('atLeast', scalar(Number(count.count), count.line));
    policy.entries.set('keep', { entries });
  }
  return policies.length > 0;
}

function questionsIn(text: string): string[] {
  const words: readonly (readonly [RegExp, string])[] = [
    [/\bexists?\b/i, 'exists'],
    [/\b(less than|younger than|older than|not older|age|within)\b/i, 'age'],
    [/\b(checksums?|hash|integrity)\b/i, 'checksum'],
    [/\bdecrypt/i, 'decrypts'],
    [/\bat least \d+\b|\bcount\b/i, 'count'],
    [/\brestor/i, 'restores'],
  ];
  return words
    .filter(([word]) => word.test(text))
    .map(([, question]) => question)
    .slice(0, 1);
}
