import { formatBytes, formatDuration, limits, redact, type Clock, type Progress } from '../core/index.ts';
import type { TextStream } from './output.ts';

export interface TerminalProgress extends Progress {
  /** Takes the bar off the terminal so that something else can be written; the next event paints it again. */
  clear(): void;
}

interface Phase {
  readonly name: string;
  readonly total: Amount;
  readonly done: Amount;
  readonly startedMs: number;
}

interface Amount {
  bytes: number;
  items: number;
}

/**
 * Progress on standard error. A terminal gets one line with a bar, rate and time left, painted again at most each
 * `limits.progressBarMs`; anything else gets a plain line at each phase and then at most each `limits.progressLineMs`.
 */
export function createTerminalProgress(stream: TextStream, clock: Clock): TerminalProgress {
  const live = stream.isTTY === true;
  let phase: Phase | undefined;
  let shownMs = clock.elapsed();
  let painted = false;

  const clear = (): void => {
    if (painted) stream.write('\r\u001B[K');
    painted = false;
  };
  const show = (): void => {
    if (phase === undefined) return;
    shownMs = clock.elapsed();
    const seconds = (shownMs - phase.startedMs) / 1000;
    if (!live) return void stream.write(`${plainLine(phase, seconds)}\n`);
    stream.write(`\r\u001B[K${barLine(phase, seconds, (stream.columns ?? 80) - 1)}`);
    painted = true;
  };

  return {
    clear,
    phase: (name, total) => {
      if (phase?.name === redact(name) && total === undefined) return;
      phase = { name: redact(name), total: amount(total), done: amount(undefined), startedMs: clock.elapsed() };
      show();
    },
    advance: (done) => {
      if (phase === undefined) return;
      phase.done.bytes += done.bytes ?? 0;
      phase.done.items += done.items ?? 0;
      if (clock.elapsed() - shownMs >= (live ? limits.progressBarMs : limits.progressLineMs)) show();
    },
    note: (message) => {
      clear();
      stream.write(`${redact(message)}\n`);
    },
  };
}

const amount = (given: { bytes?: number; items?: number } | undefined): Amount => ({
  bytes: given?.bytes ?? 0,
  items: given?.items ?? 0,
});

function plainLine(phase: Phase, seconds: number): string {
  const facts = factsOf(phase, seconds);
  return facts === '' ? phase.name : `${phase.name}: ${facts}`;
}

function barLine(phase: Phase, seconds: number, columns: number): string {
  const share = shareOf(phase);
  const text = plainLine(phase, seconds);
  const room = Math.min(30, columns - text.length - 3);
  if (share === undefined || room < 8) return text.slice(0, columns);
  const filled = Math.round(share * room);
  return `${'█'.repeat(filled)}${'░'.repeat(room - filled)}  ${text}`;
}

/** `1.2 GB of 3.0 GB (40 %), 120 MB/s, 15 s left`; only what is known. */
function factsOf(phase: Phase, seconds: number): string {
  const { done, total } = phase;
  const share = shareOf(phase);
  const facts: string[] = [];
  if (done.bytes > 0 || total.bytes > 0) facts.push(counted(formatBytes(done.bytes), formatBytes(total.bytes), share));
  else if (done.items > 0 || total.items > 0) facts.push(counted(String(done.items), String(total.items), share));
  if (share !== undefined) facts[0] += ` (${Math.floor(share * 100)} %)`;
  // The first half second says more about start-up than about the rate.
  if (seconds > 0.5 && done.bytes > 0) facts.push(`${formatBytes(done.bytes / seconds)}/s`);
  if (seconds > 0.5 && share !== undefined && share > 0 && share < 1) {
    facts.push(`${formatDuration(((seconds * (1 - share)) / share) * 1000)} left`);
  }
  return facts.join(', ');
}

const counted = (done: string, total: string, share: number | undefined): string =>
  share === undefined ? done : `${done} of ${total}`;

/** 0 to 1, or undefined when nobody said how much there is, or it was more: a source that grew has an end that nobody knows. */
function shareOf({ done, total }: Phase): number | undefined {
  const share = total.bytes > 0 ? done.bytes / total.bytes : total.items > 0 ? done.items / total.items : Infinity;
  return share > 1 ? undefined : share;
}
