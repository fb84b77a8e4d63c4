import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { z } from 'zod';
import { LifeboatError } from '../../../core/index.ts';
import type { StepContext, StepInput } from '../../step.ts';
import { filesOf } from './kubectl.ts';
import { jsonOf, lastWords, refused, unreadable, type Ask, type Said } from './run-tool.ts';
import { listOf, longOf, type Settings } from './settings.ts';
import type { Look, Tool } from './tool.ts';

const groups = z.array(z.looseObject({ name: z.string() })).optional();
const configSchema = z.looseObject({
  kind: z.literal('ClusterConfig'),
  metadata: z.looseObject({ name: z.string(), region: z.string() }),
  nodeGroups: groups,
  managedNodeGroups: groups,
});
type Config = z.infer<typeof configSchema>;
const named = z.array(z.looseObject({ Name: z.string(), Status: z.string() }));

/**
 * A cluster in Amazon's service by the configuration file of eksctl. One that is there is left as it is; what its file names and it lacks is made. Done
 * when the cluster and each of its groups of nodes is active.
 */
export function eksctlTool(input: StepInput<Settings>, context: StepContext, ask: Ask): Tool {
  const fileOf = async (): Promise<string> => {
    const [file, second] = await filesOf(listOf(longOf(input.settings).files), context.plan.folder);
    if (file !== undefined && second === undefined) return file;
    throw new LifeboatError('plan.invalid', 'eksctl makes one cluster from one file', {
      hint: 'Make two steps of it.',
    });
  };
  const say = (words: readonly string[], shown = false) => ask(['eksctl', ...words], { shown });

  /** Undefined: there is none. */
  const statesOf = async (
    words: readonly string[],
    isAbsent: (said: string) => boolean,
  ): Promise<Map<string, string> | undefined | Said> => {
    const said = await say(['get', ...words, '--output=json']);
    if (said.exitCode !== 0) return isAbsent(`${said.stderr}${said.stdout}`) ? undefined : said;
    const read = named.safeParse(jsonOf(`eksctl get ${words[0]}`, said.stdout) ?? []);
    if (!read.success) throw unreadable(`eksctl get ${words[0]}`, 'it is not as it is documented');
    return new Map(read.data.map(({ Name, Status }) => [Name, Status]));
  };

  const look = async (): Promise<Look & { readonly has?: boolean }> => {
    const config = await configOf(await fileOf());
    const { name, region } = config.metadata;
    const clusters = await statesOf(['cluster', `--name=${name}`, `--region=${region}`], (said) =>
      isNamedAbsent(said, name),
    );
    if (isSaid(clusters)) return { state: 'unknown', text: lastWords(clusters) };
    const state = clusters?.get(name);
    if (state === undefined) return { state: 'missing', text: `there is no cluster ${name} in ${region}` };
    if (state !== 'ACTIVE') return { state: stateOf(state), text: `the cluster ${name} is ${state}`, has: true };
    const nodes = await statesOf(['nodegroup', `--cluster=${name}`, `--region=${region}`], (said) =>
      /\bNo nodegroups found\b/.test(said),
    );
    if (isSaid(nodes)) return { state: 'unknown', text: lastWords(nodes), has: true };
    return { ...nodesLook(config, nodes ?? new Map()), has: true };
  };

  return {
    program: 'eksctl',
    look,
    preview: async () => {
      const { state, text } = await look();
      if (state === 'there') return { certainty: 'proved', text: `${text}: nothing is made` };
      return { certainty: state === 'missing' ? 'predicted' : 'unknown', text };
    },
    make: async () => {
      const file = await fileOf();
      const { state, text, has } = await look();
      if (state === 'unknown')
        return { state: 'failed', code: 'target.unreachable', summary: `eksctl cannot say what is there: ${text}` };
      if (state !== 'missing') return undefined;
      await context.mustHold();
      const said = await say(['create', has === true ? 'nodegroup' : 'cluster', `--config-file=${file}`], true);
      return said.exitCode === 0 ? undefined : refused('eksctl create', said);
    },
  };
}

/** What EKS itself says of this cluster: a profile, a role or an endpoint that is not found says nothing about it. */
const isNamedAbsent = (said: string, name: string): boolean =>
  /ResourceNotFoundException: No cluster found for name: ([A-Za-z0-9_-]+)/.exec(said)?.[1] === name;

const isSaid = (value: Map<string, string> | undefined | Said): value is Said =>
  value !== undefined && 'exitCode' in value;

function nodesLook(
  { metadata, nodeGroups = [], managedNodeGroups = [] }: Config,
  found: ReadonlyMap<string, string>,
): Look {
  const wanted = [...nodeGroups, ...managedNodeGroups].map(({ name }) => name);
  const absentOnes = wanted.filter((name) => !found.has(name));
  if (absentOnes.length > 0)
    return { state: 'missing', text: `${metadata.name} has no nodes ${absentOnes.join(', ')}` };
  const waiting = wanted.filter((name) => !/^(ACTIVE|CREATE_COMPLETE|UPDATE_COMPLETE)$/.test(found.get(name) ?? ''));
  const [first] = waiting;
  if (first !== undefined)
    return { state: stateOf(found.get(first) ?? ''), text: `the nodes ${first} are ${found.get(first)}` };
  const text = `the cluster ${metadata.name} in ${metadata.region} is active, with ${wanted.length} groups of nodes`;
  return { state: 'there', text, outputs: { cluster: metadata.name, region: metadata.region } };
}

/** What is being made goes on by itself; what failed or goes away needs people. */
const stateOf = (status: string): Look['state'] =>
  /CREATING|UPDATING|IN_PROGRESS/.test(status) && !/DELETE|ROLLBACK/.test(status) ? 'underway' : 'unknown';

/** Throws `target.unreadable`. */
async function configOf(file: string): Promise<Config> {
  const read = configSchema.safeParse(parse(await readFile(file, 'utf8')));
  if (read.success) return read.data;
  throw new LifeboatError('target.unreadable', `${file} is no ClusterConfig with a name and a region`);
}
