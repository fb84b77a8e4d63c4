import { LifeboatError } from '../../../core/index.ts';

/** One place that says where something is, and that a `switch` can turn. Undefined means that it says nothing. */
export interface Pointer {
  /** For people and the record: `DATABASE_URL in /etc/shop.env`. */
  readonly shown: string;
  /** Its values may hold secrets: they stay where the pointer stands, and the journal keeps only where that is. */
  readonly isSecret: boolean;
  /** What it says now, asked anew. */
  read(): Promise<string | undefined>;
  /** The form in which `read` gives a wanted value. Throws `plan.invalid` for one that it cannot hold. */
  normal(value: string): Promise<string>;
  /** Turns it from one value to another. Throws `switch.changed` when it says something else than `from`. */
  set(from: string | undefined, to: string | undefined): Promise<void>;
  /** Keeps what it said before, beside it, for pointers with secrets; the reference for the record. */
  keep(key: string, image: Image): Promise<string>;
  /** What was kept; undefined when it is gone. */
  kept(reference: string): Promise<Image | undefined>;
  close?(): Promise<void>;
}

export interface Image {
  readonly before: string | null;
  readonly after: string | null;
}

/** Of pointers without secrets: the journal itself has the image. */
export const keptInJournal: Pick<Pointer, 'keep' | 'kept'> = {
  keep: async () => '',
  kept: async () => undefined,
};

/** Shown only where it is no secret. */
export function mustSay({ shown, isSecret }: Pointer, now: string | undefined, from: string | undefined): void {
  if (now === from) return;
  const seen = isSecret ? 'something else' : say(now);
  throw changed(shown, isSecret ? seen : `${seen} and not ${say(from)}`);
}

export const changed = (shown: string, seen: string): LifeboatError =>
  new LifeboatError('switch.changed', `${shown} says ${seen}: somebody else has turned it`, {
    hint: 'Find out who changed it and what it should say; then go on with the run.',
  });

export const say = (value: string | undefined): string => (value === undefined ? 'nothing' : JSON.stringify(value));
