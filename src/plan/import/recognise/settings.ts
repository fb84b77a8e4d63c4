import { blocksOf, type SourceDocument } from '../document/document.ts';
import type { Draft } from '../draft.ts';
import type { World } from '../world.ts';
import { isMap, mapping, scalar, texts, type PlanNode } from '../write/node.ts';

/** Names of variables that the document says are set: where the database and the bucket are found. */
export function recogniseSettings(document: SourceDocument, draft: Draft, world: World): void {
  const found = new Map<string, number>();
  for (const section of document.sections) {
    for (const block of blocksOf(section.blocks)) {
      const lines = block.kind === 'list' ? block.items : block.kind === 'paragraph' ? block.lines : [];
      for (const { text, line } of lines) {
        const names = text.match(/\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b/g) ?? [];
        for (const name of names) if (!found.has(name)) found.set(name, line);
      }
    }
  }
  bucketOf(found, draft);
  databaseOf(found, draft, world);
}

function bucketOf(found: ReadonlyMap<string, number>, draft: Draft): void {
  const line = found.get('S3_BUCKET') ?? found.get('BACKUP_BUCKET');
  if (line === undefined || draft.names('stores').length > 0) return;
  const from = (name: string): PlanNode | undefined =>
    found.has(name) ? mapping({ env: scalar(name, found.get(name)) }) : undefined;
  const store = draft.declare(
    'stores',
    'bucket',
    mapping(
      {
        type: scalar('s3'),
        bucket: from('S3_BUCKET') ?? from('BACKUP_BUCKET'),
        endpoint: from('S3_ENDPOINT'),
        accessKeyId: from('AWS_ACCESS_KEY_ID'),
        secretAccessKey: from('AWS_SECRET_ACCESS_KEY'),
      },
      line,
    ),
  );
  draft.understood(line, `the store ${store} is the bucket that S3_BUCKET names`);
  for (const policy of draft.section('policies').values()) {
    if (isMap(policy) && !policy.entries.has('to') && !policy.entries.has('on'))
      policy.entries.set('to', texts([store], line) as PlanNode);
  }
}

function databaseOf(found: ReadonlyMap<string, number>, draft: Draft, world: World): void {
  const whole = [...found].find(([name]) => /^(DATABASE|POSTGRES|PG|DB)_(URL|URI|DSN)$/.test(name));
  const parts = [...found].filter(([name]) =>
    /^(POSTGRES|PG|DB|DATABASE)_(HOST|DB|NAME|USER|PASSWORD|PORT)$/.test(name),
  );
  const line = whole?.[1] ?? parts[0]?.[1];
  if (line === undefined) return;
  const declared = draft.section('assets').get(world.database(line));
  if (!isMap(declared)) return;
  if (whole !== undefined)
    declared.entries.set(declared.entries.has('url') ? 'url' : 'address', mapping({ env: scalar(whole[0], whole[1]) }));
  else {
    const words = parts.map(([name]) => name).join(', ');
    declared.entries.set('about', scalar(`its address is made of ${words}`, line));
  }
  draft.understood(line, 'the variables that the address of the database is made of');
}
