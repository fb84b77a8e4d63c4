import { z } from 'zod';
import { LifeboatError } from '../../core/index.ts';
import { say as recordWord, type SayRequest } from '../../procedures/index.ts';
import { said, say, timeId as runId, type Role, type Said, type Say } from '../contract/index.ts';
import { define } from '../define.ts';
import type { Desk } from '../desk.ts';
import type { Caller } from '../security/caller.ts';

/** What people say to the questions of a run: consent, done, or which way. It executes nothing: resume goes on. */
export function sayRoutes(desk: Desk): void {
  const word = (what: 'approve' | 'attest' | 'choose', needs: Role, about: string): void =>
    define(
      desk,
      {
        method: 'post',
        path: `/runs/{run}/${what}`,
        needs,
        about,
        params: z.object({ run: runId }),
        body: say,
        answer: said,
      },
      ({ params: { run }, body, caller, about: note }) => {
        note(
          `run ${run}${body.step === undefined ? '' : `, ${body.step}`}: ${body.deny ? 'no' : (body.option ?? 'yes')}`,
        );
        return speak(desk, run, body.deny ? 'deny' : what, body, caller);
      },
    );
  word('approve', 'approver', 'Give the consent that a run waits for, or refuse it');
  word('attest', 'operator', 'Say that what people were to do is done, or cannot be');
  word('choose', 'approver', 'Decide which way a run goes');
}

function speak(desk: Desk, run: string, word: SayRequest['word'], body: Say, caller: Caller): Said {
  const { step, reason, inputs, option } = body;
  const { agreed, needed, denied, complete, ...report } = recordWord(desk.here(), {
    run,
    word,
    as: speakerOf(desk, caller),
    user: `account ${caller.name}`,
    ...(step === undefined ? {} : { step }),
    ...(reason === undefined || reason === '' ? {} : { reason }),
    ...(inputs === undefined ? {} : { inputs }),
    ...(option === undefined ? {} : { option }),
  });
  return { run, step: report.step, as: report.as, agreed: [...agreed], needed, denied, complete };
}

/** In whose name an account speaks: that of its contact, and of no other. Throws `people.not_allowed`. */
function speakerOf({ host }: Desk, { by, contact, name }: Caller): string {
  if (by === 'token') throw new LifeboatError('people.not_allowed', 'a token is nobody, and consents to nothing');
  if (contact !== undefined) return contact;
  if (host.plan().contacts.size === 0) return name;
  throw new LifeboatError('people.not_allowed', `the account ${name} is no contact of the plan`, {
    hint: 'An admin makes one that is: lifeboat accounts add NAME --role approver --contact CONTACT',
  });
}
