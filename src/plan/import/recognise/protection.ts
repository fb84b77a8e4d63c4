import { blocksOf, type SourceDocument } from '../document/document.ts';
import type { Draft } from '../draft.ts';
import { around, columnOf, factsOf, tablesOf, type Fact } from '../facts.ts';
import { readCadence } from '../words/cadence.ts';
import { readLength } from '../words/durations.ts';
import type { World } from '../world.ts';
import { PolicyWriter } from './policy-writer.ts';
import { subjectOf } from './subjects.ts';

/**
 * How often copies are taken and how long they are kept, from `key: value` lines and tables about backups. Returns what gives the
 * policies to the assets: to be called when all assets are known.
 */
export function recogniseProtection(
  document: SourceDocument,
  draft: Draft,
  world: World,
  isOther: (line: number) => boolean,
): () => void {
  const writer = new PolicyWriter(draft, world);
  for (const fact of factsOf(document)) {
    const where = around(fact);
    if (
      isOther(fact.line) ||
      !/back ?up|retention|storage|snapshot|point[- ]in[- ]time|pitr|wal\b|persistent/i.test(where)
    )
      continue;
    const near = `${fact.section.title} ${fact.lead}`.replaceAll(/point[- ]in[- ]time recovery/gi, '');
    if (/\b(test|drill|verif|alert|restor|recover|contact|checklist)/i.test(near)) continue;
    readFact(fact, where, writer);
  }
  for (const { table, section } of tablesOf(document)) {
    const frequency = columnOf(table, /frequency|schedule|cadence|interval/i);
    const place = columnOf(table, /location|where|store|storage|destination/i);
    const kept = columnOf(table, /retention|kept/i);
    if ((frequency < 0 && kept < 0) || /test|drill/i.test(section.title)) continue;
    for (const { cells, line } of table.rows) {
      writer.thing(
        cells[0] ?? '',
        { place: cells[place] ?? '', often: cells[frequency] ?? '', kept: cells[kept] ?? '' },
        line,
      );
    }
  }
  bulletsOfBackups(document, writer, isOther);
  scheduledCommands(document, writer);
  return () => writer.finish();
}

/** Lines of a crontab, the `schedule:` of a job, and the settings with which PostgreSQL archives its log. */
function scheduledCommands(document: SourceDocument, writer: PolicyWriter): void {
  for (const section of document.sections) {
    for (const block of blocksOf(section.blocks)) {
      if (block.kind !== 'code') continue;
      const archives = /^\s*archive_mode\s*=\s*'?(on|always)/m.test(block.text);
      for (const [index, text] of block.text.split('\n').entries()) {
        const line = block.line + index;
        const cron = /^\s*(?:schedule:\s*["']?)?((?:[\d*][\d*/,-]*\s+){4}[\d*][\d*/,-]*)["']?(\s+\S.*)?$/.exec(text);
        // A job in YAML says elsewhere in the block what it does; a line of a crontab says it itself.
        const about = `${cron?.[2] ?? block.text} ${block.lead} ${section.title}`;
        if (cron !== null && /back ?up|dump|snapshot|restic|velero/i.test(about))
          writer.every(subjectOf(about) ?? 'backups', cron[1] as string, line);
        const seconds = archives ? /^\s*archive_timeout\s*=\s*'?(\d+)\s*(s|min|h)?/.exec(text) : null;
        if (seconds !== null)
          writer.log(`every ${seconds[1]} ${{ s: 'seconds', min: 'minutes', h: 'hours' }[seconds[2] ?? 's']}`, line);
        else if (archives && /^\s*archive_mode/.test(text) && !/archive_timeout/.test(block.text))
          writer.log('on', line);
      }
    }
  }
}

/** `- PostgreSQL (daily full + optional WAL archiving)` below `Regular backups for:` */
function bulletsOfBackups(document: SourceDocument, writer: PolicyWriter, isOther: (line: number) => boolean): void {
  for (const section of document.sections) {
    const lists = section.blocks.flatMap((block) => (block.kind === 'list' ? [block] : []));
    for (const { item, lead } of lists.flatMap((block) =>
      block.items.map((one) => ({ item: one, lead: block.lead })),
    )) {
      if (!/back ?ups?\b/i.test(`${item.text} ${lead}`) || isOther(item.line)) continue;
      for (const inner of [item, ...item.blocks.flatMap((block) => (block.kind === 'list' ? block.items : []))]) {
        const [, title = inner.text, details = ''] = /^([^(]*)\(([^)]*)\)/.exec(inner.text) ?? [];
        if (readCadence(details) !== undefined)
          writer.thing(title.trim(), { place: '', often: details, kept: '' }, inner.line);
      }
    }
  }
}

function readFact(fact: Fact, where: string, writer: PolicyWriter): void {
  const { key, value, line } = fact;
  const subject =
    subjectOf(key) ?? subjectOf([fact.section.title, fact.lead].join(' ')) ?? subjectOf(where) ?? 'backups';
  const of = /^(frequency|schedule|retention|location|encryption)$/i.test(key)
    ? (subjectOf(fact.lead) ?? subjectOf(fact.section.title) ?? subjectOf(where) ?? 'backups')
    : subject;
  if (/^wal\b|wal archiv/i.test(key)) return writer.log(value, line);
  if (/not backed up|no back ?ups?\b/i.test(value)) return writer.exclude(key, value, line);
  if (/^(frequency|schedule|cadence|interval|when)$/i.test(key)) return writer.every(of, value, line);
  if (/^retention$/i.test(key)) return writer.keepAs(of, value, line);
  if (/^(daily|weekly|monthly|yearly|annual|hourly)$/i.test(key)) return writer.window(of, key, value, line);
  if (/^encryption$/i.test(key)) return writer.encryption(value, line);
  if (
    /s3:\/\/|\bs3\b|glacier|bucket/i.test(value) &&
    /^(location|primary|dr|secondary|offline|offsite|archive|storage|destination)\b/i.test(key)
  )
    return writer.place(of === 'postgres' || of === 'sqlite' ? of : 'backups', key, value, line);
  if (
    readCadence(value) !== undefined ||
    (readLength(value) !== undefined && subjectOf(key) !== undefined) ||
    /indefinite/i.test(value)
  )
    writer.thing(key, { place: '', often: value, kept: value }, line);
}
