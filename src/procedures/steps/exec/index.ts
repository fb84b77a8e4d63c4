import { parseDuration } from '../../../core/index.ts';
import {
  doorOf,
  longOf,
  placeOf,
  programSchema,
  runProgram,
  settleProgram,
  type Program,
} from '../../hands/program.ts';
import type { StepKind } from '../../step.ts';

/**
 * `exec: [PROGRAM, ARGUMENT, …]` or `exec: { run: […], cwd, env, timeout, repeatable, doneWhen }`. Never a shell; a clean
 * environment; the whole process group is ended on a timeout. After a crash a program is run again only if it is
 * `repeatable` or its `doneWhen` check is red; if neither is stated a person decides.
 */
export const execStep: StepKind<Program> = {
  kind: 'exec',
  about:
    'Runs a program: here, over ssh, in a container or in a pod of a cluster. Never a shell, in a clean environment; what it started is ended with it. After a crash it is run again only if it is `repeatable` or its `doneWhen` is red.',
  example: [
    '- exec: [systemctl, reload, shop]',
    '- exec: { run: [./rebuild-search], timeout: 20m, repeatable: true }',
    '- exec: { run: [shop, reindex], container: { name: shop, by: podman }, timeout: 20m }',
    '- exec: { run: [shop, reindex], pod: { selector: app=shop, container: web } }',
    '- exec: { run: [make, ready], doneWhen: { file: { path: /srv/ready } } }',
  ].join('\n'),
  schema: programSchema,
  destructive: true,
  inBubble: 'inside',
  surest: 'unknown',
  longestMs: (settings) =>
    longOf(settings).timeout === undefined ? undefined : parseDuration(longOf(settings).timeout ?? '0s'),
  title: (settings) => {
    const { run: words } = longOf(settings);
    const place = placeOf(settings);
    const at = place === undefined ? '' : ` ${longOf(settings).ssh === undefined ? 'in' : 'on'} ${place}`;
    return `run ${words.slice(0, 3).join(' ')}${words.length > 3 ? ' …' : ''}${at}`;
  },
  describe: async ({ settings, remembered }, context) => {
    const text = `what ${longOf(settings).run[0]} does is known only when it runs`;
    if (placeOf(settings) !== undefined && context.mode === 'drill')
      return { certainty: 'unknown', text: `not exercised: ${placeOf(settings)} is outside the bubble` };
    const door = await doorOf(settings, remembered, { ...context, remember: () => {} });
    if (door === undefined) return { certainty: 'unknown', text };
    return { certainty: 'unknown', text: `${(await door.look(context.signal)).text}; ${text}` };
  },
  run: runProgram,
  inspect: settleProgram,
};
