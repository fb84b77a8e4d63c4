import { liveRules, type LiveRule } from './rules.ts';

const severityWords = {
  error: 'error: the next backup or the recovery fails',
  warning: 'warning: something will hurt on the day, or is not known',
  info: 'note: worth knowing',
} as const;

/** Name and text of the page of every rule that asks the world, for docs/rules. */
export const livePages = (): ReadonlyMap<string, string> =>
  new Map(liveRules.map((rule) => [`${rule.code}.md`, pageText(rule)]));

/** What is added to the list of all rules. */
export function liveList(): string {
  const lines = liveRules.map(
    ({ code, severity, title }) => `- [\`${code}\`](${code}.md) (${severity === 'info' ? 'note' : severity}): ${title}`,
  );
  return `## The plan against the world: \`check --live\`

Only with \`--live\` is anything opened, asked or executed; nothing is changed. What could not be found out is said as \`live.unknown\`.

${lines.join('\n')}
`;
}

const pageText = ({ code, severity, title, why, asks }: LiveRule): string => `# ${code}

**${title}.** (${severityWords[severity]})

${why}

How \`check --live\` finds out: ${asks}

To accept it knowingly: \`waivers: [{ rule: ${code}, at: PATH, why: …, until: 2027-01-31 }]\`. Made by \`npm run rules-doc\`.
`;
