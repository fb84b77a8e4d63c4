// docs/steps.md as text: of each kind of step what it takes, what it changes, and what happens after a crash. Everything comes from the kinds.
import { z } from 'zod';
import { keyWords } from '../../src/plan/schema/key-words.ts';
import { duration as wordsDuration } from '../../src/plan/schema/words.ts';
import { stepBeside } from '../../src/plan/sections/steps.ts';
import { writtenCheck } from '../../src/procedures/settings/check-of.ts';
import { duration } from '../../src/procedures/settings/duration.ts';
import { propertiesOf } from './properties.mjs';
import { changes, crash, table, undoing } from './words.mjs';

const head = `# Steps

Made by \`npm run steps-doc\` from the schemas that plans are read with; change it there. How a kind is written is told by
[the guide](guides/step.md); what the language has and nothing executes yet stands in [PLAN.md](PLAN.md).

A step has one key that says what it does, and beside it what every step may say of itself. Every text may hold \`\${…}\`, which is
replaced right before the step begins.
`;

export function stepsPage(kinds) {
  const parts = [
    head,
    '## Every step\n',
    settingsTable('', objectOf(schemaOf(z.strictObject(stepBeside)))),
    overview(kinds),
    propertiesOf(kinds),
  ];
  return [...parts, ...kinds.map(section)].join('\n');
}

function overview(kinds) {
  const rows = kinds.map((kind) => [
    `[\`${kind.kind}\`](#${kind.kind})`,
    firstOf(kind.about),
    changes(kind),
    crash(kind),
    undoing(kind),
  ]);
  return `## The kinds\n\n${table(['kind', 'what it does', 'changes something', 'after a crash in the middle', 'in a rollback'], rows)}`;
}

function section(kind) {
  const schema = schemaOf(kind.schema);
  const settings = settingsTable(kind.kind, objectOf(schema));
  const beside = Object.entries(kind.siblings ?? {}).map(([key, one]) => rowOf(kind.kind, key, schemaOf(one), false));
  return [
    `## ${kind.kind}\n`,
    ...(kind.about === undefined ? [] : [`${kind.about}\n`]),
    ...(kind.example === undefined ? [] : [`\`\`\`yaml\n${kind.example}\n\`\`\`\n`]),
    `Under the key: ${valueOf(schema)}.\n`,
    ...(settings === '' ? [] : [settings]),
    ...(beside.length === 0 ? [] : [`Beside it:\n`, table(['key', 'value', 'says'], beside)]),
  ].join('\n');
}

/** Rows of a schema that is a mapping, or that has one among what it may be. */
function settingsTable(kind, schema) {
  if (schema === undefined) return '';
  const rows = Object.entries(schema.properties).map(([key, one]) =>
    rowOf(kind, key, one, schema.required?.includes(key) === true && kind !== ''),
  );
  return table(['key', 'value', 'says'], rows);
}

const rowOf = (kind, key, schema, isNeeded) => [
  isNeeded ? `\`${key}\` (needed)` : `\`${key}\``,
  valueOf(schema),
  schema.description ?? keyWords[`${kind}.${key}`] ?? keyWords[key] ?? '',
];

/** All mappings of a union joined: a key is needed where every one of them needs it. */
function objectOf(schema) {
  const all = (schema.anyOf ?? [schema]).filter((one) => one.properties !== undefined);
  if (all.length === 0) return undefined;
  const properties = {};
  for (const [key, one] of all.flatMap((each) => Object.entries(each.properties)))
    properties[key] = joined(properties[key], one);
  const required = Object.keys(properties).filter((key) => all.every((one) => one.required?.includes(key)));
  return { properties, required };
}

/** What one key may be in several mappings. */
const joined = (before, one) =>
  before === undefined ? one : { anyOf: [before, one], description: before.description ?? one.description };

function valueOf(schema) {
  if (schema.anyOf !== undefined) return [...new Set(schema.anyOf.map(valueOf))].join(' or ');
  if (schema.title !== undefined) return schema.title;
  if (schema.const !== undefined) return `\`${schema.const}\``;
  if (schema.enum !== undefined) return schema.enum.map((one) => `\`${one}\``).join(', ');
  if (schema.type === 'array') return arrayWords(schema);
  if (schema.properties !== undefined) return `\`{ ${Object.keys(schema.properties).join(', ')} }\``;
  if (schema.type === 'object') return 'names with their values';
  return plainWords[schema.type] ?? 'checks';
}

function arrayWords({ items, prefixItems }) {
  if (prefixItems !== undefined || items?.type === 'string') return 'a list of texts';
  return items?.type === undefined && items?.anyOf === undefined ? 'a list' : `a list of ${valueOf(items)}`;
}

const plainWords = { string: 'a text', boolean: 'true or false', integer: 'a whole number', number: 'a number' };

/** The definition of a schema is the same in every copy of it that was only made optional or described. */
// oxlint-disable-next-line no-underscore-dangle -- zod's own name for it, part of what it promises to libraries
const definitionOf = (schema) => schema._zod.def;

const named = new Map([
  [definitionOf(duration), 'a duration'],
  [definitionOf(wordsDuration), 'a duration'],
  [definitionOf(writtenCheck), 'a check'],
]);

const schemaOf = (schema) =>
  z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
    reused: 'inline',
    override: ({ zodSchema, jsonSchema }) => {
      const title = named.get(definitionOf(zodSchema));
      if (title !== undefined) jsonSchema.title = title;
    },
  });

const firstOf = (about = '') => about.split(/(?<=\.) /)[0].replace(/\.$/, '');
