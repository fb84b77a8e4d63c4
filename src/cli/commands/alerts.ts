import { resolve } from 'node:path';
import { stringify } from 'yaml';
import { keepersOf, loadWorkspacePlan } from '../../app/index.ts';
import { systemClock, writeFileDurably } from '../../core/index.ts';
import { alertRules, dashboardOf } from '../../schedule/index.ts';
import type { Command } from '../command.ts';

export const command: Command = {
  description:
    'Writes the rules by which Prometheus rings, made from the plan: what `serve` tells at /metrics is held against what the plan promises. Everything that has a calendar has a rule for the day on which it stops, hangs or was never done, and the metrics have one for the day on which they are gone. Alerts that the plan declares come as it declares them; one that no metric tells is named, and left to whatever watches it. With --dashboard what Grafana shows of it, with the limits of the plan as red lines. Reads the plan alone. Write them anew when the plan changes.',
  options: [
    { flags: '--out <FILE>', summary: 'write them to this file, for rule_files of Prometheus; default: show them' },
    { flags: '--dashboard <FILE>', summary: 'write a dashboard for Grafana to this file, made from the plan too' },
  ],
  examples: [
    'lifeboat alerts',
    'lifeboat alerts --out /etc/prometheus/rules/lifeboat.yml',
    'lifeboat alerts --out lifeboat.yml --dashboard lifeboat-grafana.json',
    'lifeboat alerts --json',
  ],
  run: async ({ planFile, folder, output }, input) => {
    const plan = await loadWorkspacePlan(planFile);
    const keeperOf = keepersOf(plan, systemClock);
    const { groups, left } = alertRules(plan, keeperOf);
    const head = `# Made from the plan ${plan.name} by: lifeboat alerts. Change the plan and make it anew.\n`;
    const text = head + stringify({ groups }, { lineWidth: 0 });
    const out = input.text('out');
    const files: string[] = [];
    const write = async (name: string, what: string, content: string): Promise<void> => {
      const file = resolve(folder, name);
      await writeFileDurably(file, content);
      files.push(file);
      output.line(`${what} written to ${file}`);
    };
    const count = groups.reduce((sum, { rules }) => sum + rules.length, 0);
    const dashboard = input.text('dashboard');
    if (out !== undefined) await write(out, `${count} rules`, text);
    if (dashboard !== undefined)
      await write(dashboard, 'a dashboard', `${JSON.stringify(dashboardOf(plan, keeperOf), undefined, 2)}\n`);
    if (files.length === 0) output.line(text.trimEnd());
    for (const name of left) output.line(`# not here: the alert ${name} watches what no metric of ours tells`);
    return { json: { groups, left, files } };
  },
};
