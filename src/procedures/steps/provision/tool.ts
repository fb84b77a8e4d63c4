import type { StepContext, StepOutcome, StepPreview } from '../../step.ts';

/** What the tool says of the world now. */
export interface Look {
  /** `underway`: somebody, perhaps a run that died, has begun it and it goes on by itself. `failed`: it never will be there. */
  readonly state: 'there' | 'missing' | 'underway' | 'unknown' | 'failed';
  /** Of what is missing: nothing at all is there. Else there may be a part of it, or something that is not as it should be. */
  readonly isAbsent?: boolean;
  /** For people: what was seen. */
  readonly text: string;
  /** What later steps may use; secrets are known to be some. */
  readonly outputs?: Readonly<Record<string, unknown>>;
}

/** A program that makes what is not there, by the answers that it documents; made for one step. */
export interface Tool {
  /** The program's name. */
  readonly program: string;
  /** What was ordered comes by itself, whoever waits for it: gone on with after a crash, a step waits for it. */
  readonly comesByItself?: boolean;
  /** How long it may be missing after `make`, milliseconds. */
  readonly patienceMs?: number | undefined;
  /** What would be done. Changes nothing. */
  preview(): Promise<StepPreview>;
  /** Asks the tool. Changes nothing. `remembered`: what `make` wrote down. */
  look(remembered: Readonly<Record<string, unknown>>): Promise<Look>;
  /** Makes it; undefined when the tool is content. What it is to be asked by afterwards it remembers before. */
  make(): Promise<Extract<StepOutcome, { state: 'failed' }> | undefined>;
  /** Removes what a dead runner left beside the plan or the run: what the tool was given may hold secrets. */
  tidy?(): Promise<void>;
  /** Takes it back to what it was before. Without it people do. */
  undo?(remembered: Readonly<Record<string, unknown>>): Promise<StepOutcome>;
  lookUndone?(remembered: Readonly<Record<string, unknown>>): Promise<Look>;
}

/** Whoever waited for that would wait for nothing: people look at it. */
export const neverThere = (program: string, { text }: Look) => ({
  state: 'failed' as const,
  code: 'provision.unproved',
  summary: `${program} was content, and it never will be there: ${text}`,
  hint: 'Remove what failed, or repair it; then go on with the run.',
});

/** What a step that is about to make something writes down: whether anything was there. A second attempt keeps what the first one saw. */
export function noteMaking(
  remembered: Readonly<Record<string, unknown>>,
  { isAbsent = false }: Look,
  { remember }: Pick<StepContext, 'remember'>,
): void {
  if (remembered['made'] !== true) remember({ made: true, wasAbsent: isAbsent });
}

/**
 * Whether what a step made is gone again, so that it is as it was before. What it did not make is none of its concern. What was half made is not as
 * it should be, and is not gone.
 */
export function undoneLook(look: Look, { made, wasAbsent }: Readonly<Record<string, unknown>>): Look {
  const { text, isAbsent = false } = look;
  const state = look.state === 'failed' ? 'missing' : look.state; // it is there in part, and of no use
  if (made !== true) return { state: 'there', text: `nothing was made: ${text}` };
  if (state === 'missing' && wasAbsent === true && !isAbsent)
    return { state: 'missing', text: `something of it is still there: ${text}` };
  const undone = { there: 'missing', missing: 'there', underway: 'underway', unknown: 'unknown' } as const;
  return { state: undone[state], text };
}
