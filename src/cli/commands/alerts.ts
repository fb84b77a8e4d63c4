import { resolve } from 'node:path';
import { stringify } from 'yaml';
import { keepersOf, loadWorkspacePlan } from '../../app/index.ts';
import { systemClock, writeFileDurably } from '../../core/index.ts';
import { alertRules } from '../../schedule/index.ts';
import type { Command } from '../command.ts';

export const command: Command = {
  description:
    'Writes the rules by which Prometheus rings, made from the plan: what `serve` tells at /metrics is held against what the plan promises. Everything that has a calendar has a rule for the day on which it stops, hangs or was never done, and the metrics have one for the day on which they are gone. Alerts that the plan declares come as it declares them; one that no metric tells is named, and left to whatever watches it. Reads the plan alone. Write them anew when the plan changes.',
  options: [
    { flags: '--out <FILE>', summary: 'write them to this file, for rule_files of Prometheus; default: show them' },
  ],
  examples: ['lifeboat alerts', 'lifeboat alerts --out /etc/prometheus/rules/lifeboat.yml', 'lifeboat alerts --json'],
  run: async ({ planFile, folder, output }, input) => {
    const plan = await loadWorkspacePlan(planFile);
    const { groups, left } = alertRules(plan, keepersOf(plan, systemClock));
    const head = `# Made from the plan ${plan.name} by: lifeboat alerts. Change the plan and make it anew.\n`;
    const text = head + stringify({ groups }, { lineWidth: 0 });
    const out = input.text('out');
    const files = out === undefined ? [] : [resolve(folder, out)];
    for (const file of files) await writeFileDurably(file, text);
    const count = groups.reduce((sum, { rules }) => sum + rules.length, 0);
    output.line(files[0] === undefined ? text.trimEnd() : `${count} rules written to ${files[0]}`);
    for (const name of left) output.line(`# not here: the alert ${name} watches what no metric of ours tells`);
    return { json: { groups, left, files } };
  },
};
