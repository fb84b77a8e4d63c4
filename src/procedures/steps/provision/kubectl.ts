import { glob } from 'node:fs/promises';
import { resolve } from 'node:path';
import { z } from 'zod';
import { LifeboatError } from '../../../core/index.ts';
import type { StepContext, StepInput } from '../../step.ts';
import { clusterOf } from '../../hands/cluster.ts';
import { clusterObject, lacking, nameOfObject, type ClusterObject } from './ready.ts';
import { jsonOf, lastWords, refused, unreadable, type Ask, type Said } from './run-tool.ts';
import { listOf, longOf, type Settings } from './settings.ts';
import type { Look, Tool } from './tool.ts';

const answer = z.union([z.object({ kind: z.literal('List'), items: z.array(clusterObject) }), clusterObject]);

/**
 * kubectl with files, or with the overlay of kustomize, in the cluster that the plan names. Done when what is there does not differ from the files, and
 * every workload in them is ready.
 */
export function kubectlTool(input: StepInput<Settings>, context: StepContext, ask: Ask): Tool {
  const settings = longOf(input.settings);
  const place = clusterOf(settings, context);
  const where = [
    `--context=${place.context}`,
    ...(place.namespace === undefined ? [] : [`--namespace=${place.namespace}`]),
  ];
  const say = (words: readonly string[]) => ask(['kubectl', ...words, ...where]);
  /** `-f` for each file, or `-k`. */
  const things = async (): Promise<string[]> => {
    if (settings.by === 'kustomize')
      return ['-k', resolve(context.plan.folder, settings.folder ?? '.', settings.overlay ?? '.')];
    return (await filesOf(listOf(settings.files), context.plan.folder)).flatMap((file) => ['-f', file]);
  };

  /** Names that differ; undefined: it cannot be said. */
  const differing = async (): Promise<{ names: string[] } | { said: Said }> => {
    const said = await say(['diff', ...(await things())]);
    if (said.exitCode === 0) return { names: [] };
    const names = namesInDiff(said.stdout);
    // Older ones end with 1 also where they could not compare.
    return said.exitCode === 1 && names.length > 0 ? { names } : { said };
  };

  const objects = async (): Promise<ClusterObject[] | undefined> => {
    const said = await say(['get', ...(await things()), '--output=json', '--ignore-not-found']);
    if (said.exitCode !== 0) return undefined;
    return objectsIn(said.stdout);
  };

  const look = async (): Promise<Look> => {
    const found = await differing();
    if ('said' in found) return { state: 'unknown', text: lastWords(found.said) };
    if (found.names.length > 0) return { state: 'missing', text: `other than in the files: ${some(found.names)}` };
    const there = await objects();
    if (there === undefined) return { state: 'unknown', text: 'what is there cannot be listed' };
    const waiting = there.flatMap((one) => {
      const why = lacking(one);
      return why === undefined ? [] : [`${nameOfObject(one)}: ${why}`];
    });
    if (waiting.length > 0) return { state: 'underway', text: some(waiting) };
    return {
      state: 'there',
      text: `${there.length} objects are as in the files, and ready`,
      outputs: { objects: there.map(nameOfObject) },
    };
  };

  return {
    program: 'kubectl',
    look,
    preview: async () => {
      const found = await differing();
      if ('said' in found)
        return { certainty: 'unknown', text: `${place.context} cannot say now: ${lastWords(found.said)}` };
      const { names } = found;
      if (names.length === 0) return { certainty: 'proved', text: `nothing differs in ${place.context} now` };
      return { certainty: 'predicted', text: `in ${place.context} it makes or changes ${some(names)}` };
    },
    make: async () => {
      const files = await things();
      await context.mustHold();
      const said = await say(['apply', ...files, '--output=json']);
      return said.exitCode === 0 ? undefined : refused('kubectl apply', said);
    },
  };
}

/** Patterns in their order, the files of one in that of their names. Throws `target.unreadable` where one fits nothing. */
export async function filesOf(patterns: readonly string[], folder: string): Promise<string[]> {
  const files: string[] = [];
  for (const pattern of patterns) {
    const found = (await Array.fromAsync(glob(pattern, { cwd: folder }))).sort();
    if (found.length === 0) throw new LifeboatError('target.unreadable', `there is no file ${pattern} in ${folder}`);
    files.push(...found.map((file) => resolve(folder, file)));
  }
  return files;
}

function objectsIn(text: string): ClusterObject[] {
  // Of nothing that is there it prints nothing.
  if (text.trim() === '') return [];
  const read = answer.safeParse(jsonOf('kubectl get', text));
  if (!read.success) throw unreadable('kubectl get', 'its objects are not as they are documented');
  return 'items' in read.data && Array.isArray(read.data.items)
    ? (read.data.items as ClusterObject[])
    : [read.data as ClusterObject];
}

/** `diff -u -N /tmp/LIVE-1/apps.v1.Deployment.shop.web /tmp/MERGED-2/…`: the kinds and names; what differs may be secret and is not kept. */
function namesInDiff(text: string): string[] {
  const files = [...text.matchAll(/^diff .*\/LIVE-[^/\s]*\/(\S+)/gm)].map(([, file = '']) => file);
  return files.map((file) => /^(?:.*?\.)?v\d\w*\.(.+)$/.exec(file)?.[1] ?? file);
}

const some = (names: readonly string[]): string =>
  `${names.slice(0, 5).join(', ')}${names.length > 5 ? `, and ${names.length - 5} more` : ''}`;
