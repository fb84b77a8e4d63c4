import { userInfo } from 'node:os';
import { isoTime, LifeboatError, limits, messageOf } from '../../../core/index.ts';
import { placeHold, type HoldRequest } from '../../../operations/index.ts';
import type { Command } from '../../command.ts';
import { holdJson } from './hold-words.ts';
import type { Input } from '../../input.ts';
import { momentOf } from '../../moment.ts';
import { withWorkspace } from '../../with-workspace.ts';

export const command: Command = {
  description:
    'Keeps a recovery point, or with --asset every point of an asset that there is and will be, whatever the plan says of their age: for an incident, for a court, or because somebody wants it. The hold stands sealed beside the points, in every store that has them, and ends when it is released, or with --until or --for. Nothing else is changed. The exit code is 4 if a store did not take it.',
  arguments: [{ name: 'POINT', summary: 'the id of the point; `lifeboat points` lists them', optional: true }],
  options: [
    { flags: '--asset <ASSET>', summary: 'all points of this asset, also later ones' },
    { flags: '--reason <TEXT>', summary: 'why, for those who find it later', required: true },
    { flags: '--kind <KIND>', summary: 'what kind of hold (manual)', choices: ['incident', 'legal', 'manual'] },
    { flags: '--by <NAME>', summary: 'who asked for it (the user of this process)' },
    { flags: '--until <MOMENT>', summary: 'when it ends: 2027-03-01T00:00:00Z' },
    { flags: '--for <DURATION>', summary: 'how long it lasts: 90d' },
  ],
  examples: [
    'lifeboat points hold 01kb9c3r8x0000000000000000 --reason "before the migration" --for 90d',
    'lifeboat points hold --asset orders --kind legal --by counsel --reason "case 4711"',
  ],
  run: async (context, input) =>
    withWorkspace(context, async (workspace) => {
      const request = { ...requestOf(input, workspace.clock.now()), signal: context.signal };
      const { hold, stores, failures } = await placeHold(workspace, request);
      const what = hold.point === undefined ? `Every point of ${hold.asset}` : `The point ${hold.point}`;
      const until = hold.untilMs === undefined ? 'until it is released' : `until ${isoTime(hold.untilMs)}`;
      context.output.line(`${what} is held in ${stores.join(', ')} ${until}: lifeboat points release ${hold.id}`);
      for (const { store, error } of failures)
        context.output.line(`${context.output.mark(false)} ${store} did not take the hold: ${error.message}`);
      const json = {
        hold: holdJson(hold, stores),
        failures: failures.map(({ store, error }) => ({ store, ...error.toJSON() })),
      };
      return failures[0] === undefined ? { json } : { json, error: failures[0].error };
    }),
};

function requestOf(input: Input, nowMs: number): HoldRequest {
  const [point, asset] = [input.optionalArgument('POINT'), input.text('asset')];
  if ((point === undefined) === (asset === undefined)) {
    throw new LifeboatError('input.flag', 'a hold is on a point or, with --asset, on an asset: name one of both');
  }
  const reason = input.text('reason') ?? '';
  if (reason.trim() === '' || reason.length > limits.holdReasonCharactersMax) {
    throw new LifeboatError('input.flag', `--reason must have 1 to ${limits.holdReasonCharactersMax} characters`, {
      hint: 'Write it for somebody who finds the hold in a year.',
    });
  }
  const untilMs = endOf(input, nowMs);
  return {
    kind: (input.text('kind') ?? 'manual') as HoldRequest['kind'],
    reason,
    by: input.text('by') ?? userName(),
    ...(point === undefined ? {} : { point }),
    ...(asset === undefined ? {} : { asset }),
    ...(untilMs === undefined ? {} : { untilMs }),
  };
}

function endOf(input: Input, nowMs: number): number | undefined {
  const lasts = input.durationMs('for');
  const untilMs = momentOf(input, 'until') ?? (lasts === undefined ? undefined : nowMs + lasts);
  if (input.text('until') !== undefined && lasts !== undefined)
    throw new LifeboatError('input.flag', 'a hold ends --until a moment or lasts --for a time: name one of both');
  if (untilMs === undefined || untilMs > nowMs) return untilMs;
  throw new LifeboatError('input.flag', `the hold would have ended ${isoTime(untilMs)}, which is over`);
}

function userName(): string {
  try {
    return userInfo().username;
  } catch (error) {
    throw new LifeboatError('input.flag', `the user of this process has no name (${messageOf(error)})`, {
      hint: 'Say who asks for it: --by NAME.',
    });
  }
}
