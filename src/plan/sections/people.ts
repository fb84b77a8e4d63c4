import { didYouMean } from '../did-you-mean.ts';
import { isMapping, type Inspection } from '../inspection.ts';
import { beyondFill } from '../message-template.ts';
import type {
  Category,
  Channel,
  Checklist,
  ChecklistItem,
  Contact,
  Incidents,
  Plan,
  Rung,
  Severity,
  Template,
} from '../model.ts';
import { valueAt } from '../schema/issues.ts';
import { modelOf } from '../schema/model-of.ts';
import * as schema from '../schema/people.ts';
import { objectivesOf } from './header.ts';
import { readNamed, readOne } from './named.ts';

type People = Pick<
  Plan,
  'contacts' | 'categories' | 'severities' | 'escalate' | 'incidents' | 'channels' | 'templates' | 'checklists'
>;

/** Who is told and asked, when and in which words. */
export function readPeople(inspection: Inspection, timezone: string): People {
  return {
    contacts: readNamed<Contact>(inspection, 'contacts', schema.contact, timezone),
    categories: readCategories(inspection, timezone),
    severities: readNamed<Severity>(inspection, 'severities', schema.severity, timezone),
    escalate: readOne<Rung[]>(inspection, 'escalate', schema.escalation, timezone) ?? [],
    incidents: readOne<Incidents>(inspection, 'incidents', schema.incidents, timezone) ?? {},
    channels: readChannels(inspection, timezone),
    templates: readTemplates(inspection, timezone),
    checklists: readNamed(inspection, 'checklists', schema.checklist, timezone, checklistOf),
  };
}

function readCategories(inspection: Inspection, timezone: string): Map<string, Category> {
  const categories = readNamed<Category>(inspection, 'categories', schema.category, timezone);
  for (const [name, category] of categories) {
    const written = inspection.read(schema.category, valueAt(inspection.root, ['categories', name]), [
      'categories',
      name,
    ]);
    categories.set(name, { ...category, objectives: objectivesOf(written?.objectives) });
  }
  return categories;
}

/** Messages have names filled in, and nothing more of their language yet. */
function readTemplates(inspection: Inspection, timezone: string): Map<string, Template> {
  const templates = readNamed<Template>(inspection, 'templates', schema.template, timezone);
  for (const [name, { subject = '', body }] of templates) {
    for (const [key, text] of Object.entries({ subject, body })) {
      const beyond = beyondFill(text);
      if (beyond !== undefined) inspection.notExecutable(['templates', name, key], `${beyond} in a template`);
    }
  }
  return templates;
}

function readChannels(inspection: Inspection, timezone: string): Map<string, Channel> {
  const channels = new Map<string, Channel>();
  const sendable = (inspection.kinds.channels ?? [{ type: 'console' }]).map(({ type }) => type);
  for (const [name, written] of inspection.entries('channels')) {
    const path = ['channels', name];
    const type = isMapping(written) ? written['type'] : undefined;
    if (typeof type === 'string' && !schema.channelTypes.includes(type)) {
      const hint = didYouMean(type, schema.channelTypes);
      inspection.error('plan.unknown_type', [...path, 'type'], `there is no channel type "${type}"`, hint, 'value');
      continue;
    }
    const read = inspection.read(schema.channel, written, path);
    if (read === undefined) continue;
    if (!sendable.includes(read.type)) inspection.notExecutable([...path, 'type'], `a channel of type ${read.type}`);
    channels.set(name, modelOf(schema.channel, written, timezone) as Channel);
  }
  return channels;
}

type Items = readonly (string | ChecklistItem)[];

/** A text is a thing to do; a list is a checklist that is used at any time. */
function checklistOf(read: Items | { when?: Checklist['when']; items: Items }): Checklist {
  const { when, items } = isList(read) ? { when: undefined, items: read } : read;
  return { when, items: items.map((item) => (typeof item === 'string' ? { do: item } : item)) };
}

const isList = (read: unknown): read is Items => Array.isArray(read);
