import { isoTime } from '../../core/index.ts';
import type { Journal, JournalRecord } from '../../journal/index.ts';
import type { Finish } from '../records/step-records.ts';
import type { RunnerTools } from '../run-types.ts';
import type { StepPacket } from './packet.ts';

/**
 * An engine keeps what it was given for a worker that is away, and hands it over when nobody wants it any more: the run was cancelled, or went on
 * without it. So whoever calls an attempt off writes that down here, durably, and what stands there is never begun.
 */
export function callOff(journal: Journal, key: string): void {
  const { run } = partsOf(key);
  const known = recordsOf(journal, { run, key });
  if (known.some(({ kind }) => kind === 'site.stopped' || kind === 'site.finished')) return;
  journal.append('site.stopped', { key }, { run });
}

/** The attempts before this one are over, and so are those of what it takes back, whatever the engine still has of them. */
export function callOffEarlier(journal: Journal, packet: StepPacket): void {
  for (const key of [...earlierKeys(packet), ...undoneKeys(packet)]) callOff(journal, key);
}

/** Why it is not begun. Nothing when it may be. */
export function calledOff({ workspace }: RunnerTools, packet: StepPacket): Finish | undefined {
  const { journal, clock } = workspace;
  const { step, notAfterMs, attempt } = packet;
  if (recordsOf(journal, packet).some(({ kind }) => kind === 'site.stopped'))
    return notBegun(`${step.id} was called off before it was begun`);
  const later = journal
    .records({ run: packet.run, kinds: ['site.*'] })
    .some(({ data }) => partsOf(String(data['key'])).step === stepKeyOf(packet) && attemptOf(data['key']) > attempt);
  if (later) return notBegun(`${step.id} was asked for anew since then`);
  if (clock.now() <= notAfterMs) return undefined;
  return notBegun(
    `${step.id} was to be begun before ${isoTime(notAfterMs)}, and it is ${isoTime(clock.now())} here`,
    'Its worker was away, or its clock is wrong.',
  );
}

const notBegun = (summary: string, hint?: string): Finish => ({
  state: 'failed',
  code: 'step.not_begun',
  summary,
  ...(hint === undefined ? {} : { hint }),
});

export const recordsOf = (journal: Journal, { run, key }: Pick<StepPacket, 'run' | 'key'>): JournalRecord[] =>
  journal.records({ run, kinds: ['site.*'] }).filter(({ data }) => data['key'] === key);

/** The same for every attempt of a step in a run. */
export const stepKeyOf = ({ key }: Pick<StepPacket, 'key'>): string => partsOf(key).step;

/** Of what it takes back: every attempt of that. */
export const undoneKeys = ({ undoes }: Pick<StepPacket, 'undoes'>): string[] =>
  undoes === undefined ? [] : [...earlierKeys(undoes), undoes.key];

/** Of the attempts before it. */
export const earlierKeys = ({ key, attempt }: Pick<StepPacket, 'key' | 'attempt'>): string[] =>
  Array.from({ length: attempt - 1 }, (_, index) => `${partsOf(key).step}/${index + 1}`);

const attemptOf = (key: unknown): number => Number(String(key).slice(String(key).lastIndexOf('/') + 1));

/** RUN/STEP/ATTEMPT */
const partsOf = (key: string): { run: string; step: string } => ({
  run: key.slice(0, key.indexOf('/')),
  step: key.slice(0, key.lastIndexOf('/')),
});
