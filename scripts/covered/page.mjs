import { isScenario } from './executes.mjs';
import { testsOf } from './tests.mjs';

const levels = ['expressed', 'checked', 'executable today', 'proven'];

/** The page: totals first, then every thing of every plan. */
export function page(things, judges, root) {
  const byPlan = Map.groupBy(things, ({ plan }) => plan);
  const rows = [...byPlan].map(([plan, of]) => totalsOf(nameOf(plan), of));
  const scenarios = [...judges.values()].flatMap((judge) =>
    [...judge.plan.scenarios.keys()].map((name) => isScenario(judge, name)),
  );
  return `# Coverage

What the five plans in [examples/plans](../examples/plans/README.md) state, thing by thing, and how far Lifeboat carries it **today**. Made
by \`npm run coverage-doc\` from \`examples/plans/coverage.json\`, the plans as they were written, what \`check\` says of them, and the kinds
that the registry can execute; nothing here is written by hand, and a test fails when it is not current.

| plan | things | expressed | checked | executable today | proven |
|---|--:|--:|--:|--:|--:|
${[...rows, totalsOf('**all**', things)].join('\n')}

Whole scenarios of which every step can be executed today: ${scenarios.filter(Boolean).length} of ${scenarios.length}.

- **expressed**: the language says it, at the place named, and its schema accepts it there. Whether the words mean it, people judge.
- **checked**: \`check\` says something else when that is taken out of the plan, at each of its places: a reference breaks, or a rule
  judges by it. What only people read (a phone number, a template’s text) is often expressed and no more.
- **executable today**: a command acts on it, by the kinds of assets, stores, steps and checks in the registry, and nothing at that place
  is “not executable yet”. It is computed for the thing alone: a scenario runs only when all of its steps do. Nothing runs a calendar yet.
- **proven**: a run has shown it. **None is**: the five systems were not rebuilt and rehearsed yet.

A thing has the highest level that it reached; the columns above count each level by itself. The tests named are those that show the claim:
its place in the plan, the rule that fires there, the driver that executes it.

${[...byPlan].map(([plan, of]) => sectionOf(plan, of, root)).join('\n')}`;
}

function totalsOf(name, things) {
  const count = (is) => things.filter(is).length;
  const cells = [things.length, things.length, count((one) => one.isChecked), count((one) => one.isExecutable), 0];
  return `| ${name} | ${cells.join(' | ')} |`;
}

const nameOf = (plan) => plan.split('/')[0];

function sectionOf(plan, things, root) {
  const rows = things
    .toSorted((a, b) => (a.id < b.id ? -1 : 1))
    .map((thing) => {
      const { id, title, at, findings } = thing;
      const says = findings.map((code) => `[${code}](rules/${code}.md)`).join(', ');
      const tests = testsOf(thing, root)
        .map((file) => `[${shortOf(file)}](../${file})`)
        .join(', ');
      return `| ${id} | ${title} | ${at.map((path) => `\`${path}\``).join(', ')} | ${says} | ${tests} | ${levelOf(thing)} |`;
    });
  return `## ${nameOf(plan)}

Places are in [${plan}](../examples/plans/${plan}).

| id | what | where | found there | shown by | level |
|---|---|---|---|---|---|
${rows.join('\n')}
`;
}

const shortOf = (file) => file.split('/').at(-1).replace('.test.ts', '');

function levelOf({ isChecked, isExecutable }) {
  if (isExecutable) return levels[2];
  return isChecked ? levels[1] : levels[0];
}
