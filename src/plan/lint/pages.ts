import { allRules } from './engine.ts';
import type { Rule } from './rule.ts';

/** Name and text of every page of docs/rules, and of their list, `README.md`. */
export function rulePages(): ReadonlyMap<string, string> {
  const pages = allRules.map((rule) => [`${rule.code}.md`, pageText(rule)] as const);
  return new Map([...pages, ['README.md', listText()]]);
}

const severityWords = {
  error: 'error: the recovery fails, or a promise cannot be kept',
  warning: 'warning: something will hurt on the day',
  info: 'note: worth knowing',
} as const;

function pageText({ code, severity, title, why, bad, good }: Rule): string {
  return `# ${code}

**${title}.** (${severityWords[severity]})

${why.replaceAll('\n', ' ')}

Found:

\`\`\`yaml
${bad}
\`\`\`

Silent:

\`\`\`yaml
${good}
\`\`\`

To accept it knowingly: \`waivers: [{ rule: ${code}, at: PATH, why: …, until: 2027-01-31 }]\`. Made by \`npm run rules-doc\`.
`;
}

function listText(): string {
  const areas = [...new Set(allRules.map(areaOf))];
  const parts = areas.map((area) => {
    const lines = allRules
      .filter((rule) => areaOf(rule) === area)
      .map(
        ({ code, severity, title }) =>
          `- [\`${code}\`](${code}.md) (${severity === 'info' ? 'note' : severity}): ${title}`,
      );
    return `## ${areaTitles[area] ?? area}\n\n${lines.join('\n')}\n`;
  });
  return `# What \`lifeboat check\` finds

Beside errors of form (docs/PLAN.md), \`check\` reasons about what a plan means: over time, order and failure domains. It executes
nothing and opens nothing. A rule stays silent where the plan does not say enough to judge. Made by \`npm run rules-doc\`.

${parts.join('\n')}`;
}

const areaOf = ({ code }: Rule): string => code.split('.')[0] ?? '';

const areaTitles: Readonly<Record<string, string>> = {
  time: 'Time: schedules, budgets, alerts',
  keeping: 'Retention',
  order: 'Order: what each step needs and makes',
  domains: 'Failure domains: what is lost together',
  people: 'People',
  waiver: 'Waivers',
};
