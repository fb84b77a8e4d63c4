import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { limits, systemClock } from '../core/index.ts';
import type { Message, Notifier, NotifierKind } from './notifier.ts';
import { CrashingOutbox } from './testing/crashing-outbox.ts';
import { handsWith } from './testing/hands.ts';

/** What the other side has of a message. */
export interface Received {
  /** Undefined where there is no place for it. */
  readonly key?: string;
  /** All that people see of it. */
  readonly text: string;
}

export type Behaviour = 'takes' | 'refuses' | 'is full' | 'is silent' | 'is away';

export interface NotifierSubject<Settings> {
  readonly kind: NotifierKind<Settings>;
  /** A receiver of our own, as real as it can be had. */
  make(): Promise<{
    readonly settings: unknown;
    /** What of the settings nobody may see. */
    readonly secrets: readonly string[];
    readonly received: readonly Received[];
    /** All that came over the wire, refused or taken, byte for byte but for what proves its moment; none where nothing can be refused. */
    came?(): readonly string[];
    say?(line: string): void;
    behave(how: Behaviour): Promise<void>;
    destroy(): Promise<void>;
  }>;
  /** Why the other side cannot go wrong here; undefined: it can. */
  readonly alwaysTakes?: string;
}

const message: Message = {
  key: 'run-1/tell',
  channel: 'ops',
  subject: 'The shop is down',
  body: 'We know of it.\n“Orders” wait: ½ hour.',
  atMs: Date.parse('2026-11-21T09:00:00Z'),
  plan: 'corner-shop',
};
const patient = (): AbortSignal => new AbortController().signal;

/** What every way to tell people promises, as sentences; see `Notifier`. */
export function notifierSuite<Settings>(title: string, subject: NotifierSubject<Settings>): void {
  const { kind, alwaysTakes } = subject;
  describe(`notifier: ${title}`, () => {
    let made: Awaited<ReturnType<NotifierSubject<Settings>['make']>>;
    let notifier: Notifier;
    beforeEach(async () => {
      made = await subject.make();
      const say = made.say?.bind(made) ?? (() => {});
      notifier = await kind.open(kind.schema.parse(made.settings), handsWith(say));
    });
    afterEach(() => made.destroy());

    const failure = async (signal = patient()): Promise<{ code?: string; message?: string }> =>
      notifier.send(message, signal).then(
        () => ({}),
        (error: unknown) => error as Error & { code: string },
      );

    it('hands a message over once, whole, and tells what was answered', async () => {
      const { answer } = await notifier.send(message, patient());
      expect(answer).not.toBe('');
      expect(made.received).toHaveLength(1);
      expect(made.received[0]?.text).toContain(message.subject);
      expect(made.received[0]?.text).toContain('½ hour');
    });

    it('shows nowhere what nobody may see', async () => {
      const { answer } = await notifier.send(message, patient());
      const shown = [notifier.location, answer, JSON.stringify(made.received)].join(' ');
      for (const secret of made.secrets) expect(shown).not.toContain(secret);
    });

    it('knows no setting but its own', () => {
      expect(kind.schema.safeParse({ ...(made.settings as object), colour: 'red' }).success).toBe(false);
    });

    it('gives its key to those who know a message again', async (context) => {
      if (kind.twice === 'seen') return context.skip('people see it, and nothing knows it again');
      await notifier.send(message, patient());
      await notifier.send(message, patient());
      expect(made.received.map(({ key }) => key)).toEqual([message.key, message.key]);
    });

    it('says whether it is worth another attempt, and nothing secret with it', async (context) => {
      if (alwaysTakes !== undefined) return context.skip(alwaysTakes);
      const codes: Record<string, string | undefined> = {};
      for (const how of ['refuses', 'is full', 'is away'] as const) {
        await made.behave(how);
        const { code, message: words = '' } = await failure();
        codes[how] = code;
        for (const secret of made.secrets) expect(words).not.toContain(secret);
      }
      const later = 'channel.unreachable';
      expect(codes).toEqual({ refuses: 'channel.refused', 'is full': later, 'is away': later });
    });

    it('is the same to the last byte when it is sent again: after a no, by another process, after a crash', async (context) => {
      if (alwaysTakes !== undefined) return context.skip(alwaysTakes);
      const outbox = new CrashingOutbox({ notifier, twice: kind.twice });
      try {
        await made.behave('is full');
        expect(await outbox.deliver('Down')).toMatchObject({ code: 'message.undelivered' });
        await made.behave('takes');
        // Where people would see it twice, what was cut off is not sent again at all.
        if (kind.twice === 'recognised') await outbox.crashInAnAttempt();
        expect(await outbox.deliver('Down for an hour')).toMatchObject({ already: false, unsure: false });
        const came = made.came?.() ?? [];
        expect(came).toHaveLength(limits.messageAttemptsMax + 1);
        expect(new Set(came).size).toBe(1);
      } finally {
        outbox.remove();
      }
    });

    it('ends when it is told to, also where nobody answers', async (context) => {
      if (alwaysTakes !== undefined) return context.skip(alwaysTakes);
      await made.behave('is silent');
      const ending = new AbortController();
      const sent = failure(ending.signal);
      await systemClock.sleep(50);
      ending.abort();
      expect(await sent).toMatchObject({ message: expect.any(String) });
    });
  });
}
