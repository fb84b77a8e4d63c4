import { useState, type FormEvent, type ReactNode } from 'react';
import type { Run, Step } from '../../../../api/contract/index.ts';
import { api } from '../../data/api.ts';
import { useChange } from '../../data/queries.ts';
import { ReasonField, TypedField } from '../../parts/fields.tsx';
import { Dialog, Trouble } from '../../parts/parts.tsx';

type Act = Run['may'][number];

interface Wanted {
  readonly title: string;
  readonly words: string;
  readonly button: string;
  readonly danger?: boolean;
  /** Whether it cannot be done without saying why. */
  readonly reason: 'must' | 'may' | 'none';
  /** The word that has to be typed. */
  readonly typed?: string;
  act(reason: string): Promise<unknown>;
}

/** What may be done to the whole run, by whoever is signed in. */
export function Acts({ run }: { readonly run: Run }): ReactNode {
  const [wanted, setWanted] = useState<Wanted>();
  const can = (act: Act): boolean => run.may.includes(act);
  return (
    <span className="row">
      {can('resume') ? (
        <button
          type="button"
          className={`button ${run.blocked.length === 0 ? 'main' : ''}`}
          onClick={() => setWanted(resumeOf(run))}
        >
          Resume
        </button>
      ) : null}
      {can('pause') ? (
        <button type="button" className="button" onClick={() => setWanted(pauseOf(run))}>
          Pause
        </button>
      ) : null}
      {can('cancel') ? (
        <button type="button" className="button" onClick={() => setWanted(cancelOf(run))}>
          Cancel
        </button>
      ) : null}
      {can('rollback') ? (
        <button type="button" className="button" onClick={() => setWanted(rollbackOf(run))}>
          Roll back
        </button>
      ) : null}
      {wanted === undefined ? null : <Ask run={run} wanted={wanted} onClose={() => setWanted(undefined)} />}
    </span>
  );
}

/** What may be done about one step. */
export function StepActs({ run, step }: { readonly run: Run; readonly step: Step }): ReactNode {
  const [wanted, setWanted] = useState<Wanted>();
  const failed = ['failed', 'retry', 'interrupted', 'needs-human'].includes(step.state);
  const canSkip = run.may.includes('skip') && (failed || step.state === 'pending');
  const canRetry = run.may.includes('retry') && step.state === 'failed';
  if (!canSkip && !canRetry) return null;
  return (
    <span className="row">
      {canRetry ? (
        <button
          type="button"
          className="button"
          onClick={() =>
            setWanted({
              title: `Do ${step.id} again?`,
              words: 'The step begins anew, and the run goes on behind it.',
              button: 'Retry',
              reason: 'none',
              act: () => api.runs.retry(run.run, { step: step.id }),
            })
          }
        >
          Retry
        </button>
      ) : null}
      {canSkip ? (
        <button
          type="button"
          className="button"
          onClick={() =>
            setWanted({
              title: `Skip ${step.id}?`,
              words: 'It counts as not done. The reason stands in the journal and in the report, with your name.',
              button: 'Skip it',
              danger: true,
              reason: 'must',
              act: (reason) => api.runs.skip(run.run, { step: step.id, reason }),
            })
          }
        >
          Skip
        </button>
      ) : null}
      {wanted === undefined ? null : <Ask run={run} wanted={wanted} onClose={() => setWanted(undefined)} />}
    </span>
  );
}

function Ask({
  run,
  wanted,
  onClose,
}: {
  readonly run: Run;
  readonly wanted: Wanted;
  readonly onClose: () => void;
}): ReactNode {
  const [reason, setReason] = useState('');
  const [typed, setTyped] = useState('');
  const work = useChange((words: string) => wanted.act(words), ['run', run.run], ['runs']);
  const isReady = (wanted.reason !== 'must' || reason.trim() !== '') && (wanted.typed ?? '') === typed;
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    work.mutate(reason.trim(), { onSuccess: onClose });
  };
  return (
    <Dialog title={wanted.title} onClose={onClose}>
      <form onSubmit={submit} className="stack">
        <p>{wanted.words}</p>
        {wanted.reason === 'none' ? null : (
          <ReasonField must={wanted.reason === 'must'} value={reason} onChange={setReason} />
        )}
        {wanted.typed === undefined ? null : <TypedField word={wanted.typed} value={typed} onChange={setTyped} />}
        <Trouble error={work.error} />
        <div className="actions">
          <button type="button" className="button" onClick={onClose}>
            Leave it
          </button>
          <button
            type="submit"
            className={`button ${wanted.danger === true ? 'danger' : 'main'}`}
            disabled={!isReady || work.isPending}
          >
            {wanted.button}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

const resumeOf = ({ run, scenario, mode }: Run): Wanted => ({
  title: `Go on with ${scenario}?`,
  words:
    mode === 'real'
      ? 'This is the real one. What was done is not done again; a step in doubt is looked at first.'
      : 'What was done is not done again.',
  button: 'Go on',
  reason: 'none',
  act: () => api.runs.resume(run, {}),
});

const pauseOf = ({ run }: Run): Wanted => ({
  title: 'Pause this run?',
  words: 'What is at work ends as it would; nothing new begins until somebody resumes it.',
  button: 'Pause',
  reason: 'may',
  act: (reason) => api.runs.pause(run, reasonOf(reason)),
});

const cancelOf = ({ run }: Run): Wanted => ({
  title: 'Cancel this run?',
  words: 'Steps at work are told to stop. What was done stays done, and nothing is taken back.',
  button: 'Cancel the run',
  danger: true,
  reason: 'may',
  act: (reason) => api.runs.cancel(run, reasonOf(reason)),
});

const rollbackOf = ({ run, scenario }: Run): Wanted => ({
  title: 'Take this run back?',
  words: 'A run of its own undoes each step that can be undone, the last first.',
  button: 'Roll back',
  danger: true,
  reason: 'none',
  typed: scenario,
  act: () => api.runs.rollback(run, { typed: scenario }),
});

const reasonOf = (reason: string): { reason?: string } => (reason === '' ? {} : { reason });
