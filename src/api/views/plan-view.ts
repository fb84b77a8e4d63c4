import { stat, readFile } from 'node:fs/promises';
import { relative } from 'node:path';
import { judgePlan } from '../../app/index.ts';
import { limits, messageOf, redact } from '../../core/index.ts';
import type { Finding } from '../../plan/index.ts';
import type { Desk } from '../desk.ts';
import { View } from './view.ts';

export interface PlanFacts {
  readonly findings: readonly Finding[];
  readonly files: readonly { readonly file: string; readonly text: string }[];
}

/** The files of the plan as they are now, and what is wrong with them. Judged anew when the plan in force or its refusal changes, and in any case each minute. */
export const planView = ({ host }: Pick<Desk, 'host'>): View<PlanFacts> =>
  new View({
    clock: host.clock,
    freshMs: 60_000,
    key: () => `${host.plan().hash} ${host.refused()?.message ?? ''}`,
    make: async () => {
      const { findings, files } = await judgePlan(host.planFile, host.clock);
      const { folder } = host.plan();
      const texts = files.map(async (file) => ({ file: relative(folder, file), text: await textOf(file) }));
      return { findings, files: await Promise.all(texts) };
    },
    renewed: () => {},
  });

/** What a plan holds is no secret, and yet somebody may have written one there. */
async function textOf(file: string): Promise<string> {
  try {
    if ((await stat(file)).size > limits.planBytesMax) return '# too large to be shown\n';
    return redact(await readFile(file, 'utf8'));
  } catch (error) {
    return `# cannot be read: ${messageOf(error)}\n`;
  }
}
