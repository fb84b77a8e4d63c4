import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import {
  isLifeboatError,
  LifeboatError,
  limits,
  messageOf,
  mustSucceed,
  plainEnvironment,
} from '../../../../core/index.ts';
import type { WorkOptions } from '../../../asset.ts';
import { outputOf } from '../../tool-output.ts';
import type { VeleroInto } from './settings.ts';

const restoreObject = z.object({
  status: z.object({
    phase: z.string(),
    warnings: z.number().nullish(),
    errors: z.number().nullish(),
    failureReason: z.string().nullish(),
    progress: z.object({ totalItems: z.number().nullish(), itemsRestored: z.number().nullish() }).nullish(),
  }),
});

type Restored = z.infer<typeof restoreObject>['status'];

export interface ClusterRestore {
  readonly backup: string;
  readonly into: VeleroInto;
  /** Gets what Velero says of the restore: `restore.json`, `describe.txt`, `log.txt`. Does not exist yet. */
  readonly folder: string;
  readonly warn: (sentence: string) => void;
}

/**
 * Has Velero restore a backup into namespaces that do not exist yet, and asks it and the cluster afterwards whether it did. Stopped, it leaves
 * what came so far; the namespaces are named. Throws `asset.tool_missing`, `restore.target_not_empty`, `asset.corrupt` for a restore that is
 * not complete, `process.failed`.
 */
export async function restoreIntoCluster(restore: ClusterRestore, options: WorkOptions = {}): Promise<void> {
  const { backup, into, folder, warn } = restore;
  const tools = new ClusterTools(into, options);
  await tools.requireBoth();
  for (const name of Object.values(into.namespaces)) await tools.requireFree(name);
  const name = `lifeboat-${randomBytes(5).toString('hex')}`;
  await tools.restore(name, backup);
  const status = await tools.statusOf(name);
  await mkdir(folder, { mode: 0o700 });
  await writeFile(
    join(folder, 'restore.json'),
    JSON.stringify({ name, backup, into: into.namespaces, status }, null, 2),
  );
  for (const [file, ...words] of [
    ['describe.txt', 'describe', name, '--details'],
    ['log.txt', 'logs', name],
  ] as const)
    await writeFile(join(folder, file), await tools.toldBeside(words, warn));
  requireComplete(name, status, into);
  for (const namespace of Object.values(into.namespaces)) await tools.requireThere(namespace, backup);
  if ((status.warnings ?? 0) > 0)
    warn(`Velero restored ${backup} with ${status.warnings} warnings: velero restore describe ${name}`);
}

/** `Completed` alone is not enough: Velero leaves out what exists already, and counts it. */
function requireComplete(name: string, { phase, errors, failureReason, progress }: Restored, into: VeleroInto): void {
  const [total, done] = [progress?.totalItems ?? 0, progress?.itemsRestored ?? 0];
  if (phase === 'Completed' && (errors ?? 0) === 0 && done >= total) return;
  const why = failureReason === undefined || failureReason === null || failureReason === '' ? '' : `: ${failureReason}`;
  throw new LifeboatError(
    'asset.corrupt',
    `the restore ${name} ended ${phase}, ${errors ?? 0} errors, ${done} of ${total} objects${why}`,
    {
      where: name,
      hint: `See velero restore logs ${name}. What came stands in ${Object.values(into.namespaces).join(', ')}.`,
    },
  );
}

class ClusterTools {
  readonly #into: VeleroInto;
  readonly #options: WorkOptions;

  constructor(into: VeleroInto, options: WorkOptions) {
    this.#into = into;
    this.#options = options;
  }

  async requireBoth(): Promise<void> {
    for (const argv of [
      ['velero', 'version', '--client-only'],
      ['kubectl', 'version', '--client'],
    ] as const) {
      try {
        await outputOf([...argv], { env: environment(), ...this.#options });
      } catch (error) {
        if (!isLifeboatError(error, 'process.missing')) throw error;
        throw new LifeboatError(
          'asset.tool_missing',
          `${argv[0]} is not installed here: a restore into a cluster goes through it`,
          {
            hint:
              argv[0] === 'velero'
                ? 'Install the velero program of the version that runs in the cluster (github.com/vmware-tanzu/velero/releases). Without "into" the objects of the backup come back as files.'
                : 'Install it: apt-get install kubernetes-client, or from kubernetes.io.',
            cause: error,
          },
        );
      }
    }
  }

  async requireFree(namespace: string): Promise<void> {
    if ((await this.#found(namespace)) === '') return;
    throw new LifeboatError(
      'restore.target_not_empty',
      `the namespace ${namespace} exists: Velero would leave out what is in it already`,
      {
        where: namespace,
        hint: 'Name another one under "into", or remove it if it is of an earlier rehearsal.',
      },
    );
  }

  async requireThere(namespace: string, backup: string): Promise<void> {
    if ((await this.#found(namespace)) !== '') return;
    throw new LifeboatError(
      'asset.corrupt',
      `Velero says that it restored ${backup}, and there is no namespace ${namespace}`,
      {
        where: namespace,
        hint: 'Is it in the backup under that name? velero backup describe shows its namespaces.',
      },
    );
  }

  #found(namespace: string): Promise<string> {
    const { kubeconfig, context } = this.#into;
    const words = [
      ...(kubeconfig === undefined ? [] : ['--kubeconfig', kubeconfig]),
      ...(context === undefined ? [] : ['--context', context]),
    ];
    return outputOf(['kubectl', ...words, 'get', 'namespace', namespace, '--ignore-not-found', '--output=name'], {
      env: environment(),
      ...this.#options,
    }).then((text) => text.trim());
  }

  async restore(name: string, backup: string): Promise<void> {
    const { namespaces } = this.#into;
    const mappings = Object.entries(namespaces).map(([from, to]) => `${from}:${to}`);
    const from = ['--from-backup', backup, '--include-namespaces', Object.keys(namespaces).join(',')];
    const to = ['--namespace-mappings', mappings.join(','), '--wait'];
    // It waits for ever where the server of Velero is not there.
    await mustSucceed(this.#velero('restore', 'create', name, ...from, ...to), {
      env: environment(),
      timeoutMs: limits.veleroRunningMs,
      ...this.#options,
    });
  }

  async statusOf(name: string): Promise<Restored> {
    const text = await this.told('get', name, '--output=json');
    try {
      return restoreObject.parse(JSON.parse(text)).status;
    } catch (error) {
      throw new LifeboatError(
        'process.failed',
        `velero answered what is not understood: ${messageOf(error).slice(0, 200)}`,
        {
          cause: error,
        },
      );
    }
  }

  told(...words: string[]): Promise<string> {
    return outputOf(this.#velero('restore', ...words), { env: environment(), ...this.#options });
  }

  /** What explains a restore and does not decide about it: where it cannot be had, that is what is said. */
  async toldBeside(words: readonly string[], warn: (sentence: string) => void): Promise<string> {
    try {
      return await this.told(...words);
    } catch (error) {
      if (this.#options.signal?.aborted === true || !isLifeboatError(error)) throw error;
      const sentence = `velero restore ${words.join(' ')} cannot be had: ${error.message}`;
      warn(sentence);
      return `${sentence}\n`;
    }
  }

  #velero(...words: string[]): [string, ...string[]] {
    const { kubeconfig, context, server } = this.#into;
    return [
      'velero',
      ...words,
      ...(kubeconfig === undefined ? [] : ['--kubeconfig', kubeconfig]),
      ...(context === undefined ? [] : ['--kubecontext', context]),
      ...(server === undefined ? [] : ['--namespace', server]),
    ];
  }
}

/** Cloud plugins of kubectl find their account as on any shell of this user. */
const environment = (): Record<string, string> => {
  const { KUBECONFIG } = process.env;
  return plainEnvironment(KUBECONFIG === undefined ? {} : { KUBECONFIG });
};
