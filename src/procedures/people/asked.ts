/**
 * What a step asks of people and what an answer must look like: recorded with the question, so that whoever answers is judged by what
 * was asked, and not by what the plan says by then.
 */
export interface Asked {
  /** `confirm`: whoever goes on with the run types the step's name. */
  readonly word: 'approve' | 'attest' | 'choose' | 'confirm';
  /** Roles, or names of contacts, that may answer; none: any contact of the plan. */
  readonly by: readonly string[];
  /** The same step asks again after its answers have expired; words of an earlier round count no more. */
  readonly round: number;
  /** So many different people. */
  readonly count: number;
  /** Answers after this moment come too late, milliseconds since 1970. */
  readonly untilMs?: number;
  /** What is to be written down, by name. */
  readonly inputs?: Readonly<Record<string, AskedInput>>;
  readonly options?: readonly string[];
}

export interface AskedInput {
  readonly type: 'text' | 'number' | 'boolean' | 'duration' | 'time';
  readonly about?: string;
  readonly oneOf?: readonly (string | number)[];
}

/** What one person said, as its record holds it. */
export interface Said {
  readonly word: Exclude<Asked['word'], 'confirm'> | 'deny';
  readonly round: number;
  /** The name of the contact, and the role it had then. */
  readonly as: string;
  readonly role: string | undefined;
  /** The account and the machine it was typed at: nobody proves here who sits there. */
  readonly user: string;
  readonly atMs: number;
  readonly reason: string | undefined;
  readonly option: string | undefined;
  readonly inputs: Readonly<Record<string, unknown>>;
}

/** Who started a run: the contact that they said they are, if they did, and their account. */
export interface Requester {
  readonly as: string | undefined;
  readonly user: string;
}

/** The last word of each person in a round, in the order in which it came; not of the requester, where that may not answer. */
export function lastWords(said: readonly Said[], round: number, without?: string): Said[] {
  const last = new Map<string, Said>();
  for (const one of said) {
    if (one.round !== round || one.as === without) continue;
    last.delete(one.as);
    last.set(one.as, one);
  }
  return [...last.values()];
}
