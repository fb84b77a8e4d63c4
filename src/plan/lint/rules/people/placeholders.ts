import type { Path } from '../../../document.ts';
import { isMapping } from '../../../inspection.ts';
import type { Found, Rule } from '../../rule.ts';

export const placeholder: Rule = {
  code: 'people.placeholder',
  severity: 'warning',
  title: 'Something was never filled in',
  why: `A form that was copied and not filled in: \`[Name]\`, \`<phone>\`, \`to be decided\`. It looks like an answer in a review, and is none on the day. In a message
it is sent out as it stands.`,
  bad: `contacts: { database: { role: database_admin, name: "[Name]" } }`,
  good: `contacts: { database: { role: database_admin, name: Kim, phone: "+49 30 0000003" } }`,
  find: (facts) => walk(facts.written.root, [], new Map()),
};

const whole =
  /^\s*(\[[A-Za-z][\w .,#/'-]{3,60}\]|<[A-Za-z][\w /-]{0,60}>|\{\{?\s*(name|phone|email|todo|tbd)\s*\}?\}|\?{2,}|x{3,}|n\/?a|tbd|tba|changeme|to be (decided|defined|done|filled in))\s*$/i;
const anywhere = /\b(T[O]DO|TBD|F[I]XME|CHANGEME)\b|\bto be (decided|filled in)\b/;
const inMessage =
  /\[[A-Z][A-Z /_-]{2,}\]|\[(Name|Description|Analysis|Steps taken|Improvements|Account ID|Backup Name)\]/;
const inCommand = /<[a-z][a-z0-9]*([-_ ][a-z0-9]+)+>/;

/** Every text of the plan, each place once: aliases show one text in several places. */
function* walk(value: unknown, path: Path, seen: Map<object, true>): Iterable<Found> {
  if (typeof value === 'string') {
    const found = placeholderIn(value, path);
    if (found !== undefined)
      yield {
        path,
        at: 'value',
        message: `"${found.slice(0, 60)}" was never filled in`,
        hint: 'Fill it in, or take it out.',
      };
    return;
  }
  if (typeof value !== 'object' || value === null || seen.has(value)) return;
  seen.set(value, true);
  if (Array.isArray(value)) for (const [index, item] of value.entries()) yield* walk(item, [...path, index], seen);
  else if (isMapping(value)) for (const [key, item] of Object.entries(value)) yield* walk(item, [...path, key], seen);
}

function placeholderIn(text: string, path: Path): string | undefined {
  if (whole.test(text)) return text.trim();
  const [section, , key] = path;
  if (section === 'templates' && key === 'body') return inMessage.exec(text)?.[0];
  if (path.at(-1) === 'command') return inCommand.exec(text)?.[0];
  return anywhere.exec(text)?.[0];
}
