import { didYouMean } from '../did-you-mean.ts';
import { isMapping, type Inspection } from '../inspection.ts';
import * as schema from '../schema/sections.ts';

/** Contacts, severities, channels and templates: checked, and kept as they are written. */
export function readPeople(inspection: Inspection): Record<string, unknown> {
  for (const [name, written] of inspection.entries('contacts'))
    inspection.read(schema.contact, written, ['contacts', name]);
  for (const [name, written] of inspection.entries('severities'))
    inspection.read(schema.severity, written, ['severities', name]);
  for (const [name, written] of inspection.entries('templates'))
    inspection.read(schema.template, written, ['templates', name]);
  for (const [name, written] of inspection.entries('channels')) readChannel(inspection, name, written);
  const { contacts, severities, channels, templates } = inspection.root;
  return Object.fromEntries(
    Object.entries({ contacts, severities, channels, templates }).filter(([, written]) => written !== undefined),
  );
}

function readChannel(inspection: Inspection, name: string, written: unknown): void {
  const path = ['channels', name];
  const type = isMapping(written) ? written['type'] : undefined;
  if (typeof type === 'string' && !schema.channelTypes.includes(type)) {
    const hint = didYouMean(type, schema.channelTypes);
    return inspection.error(
      'plan.unknown_type',
      [...path, 'type'],
      `there is no channel type "${type}"`,
      hint,
      'value',
    );
  }
  const read = inspection.read(schema.channel, written, path);
  if (read !== undefined && read.type !== 'console')
    inspection.notExecutable([...path, 'type'], `a channel of type ${read.type}`);
}
