import { useState, type FormEvent, type ReactNode } from 'react';
import type { Asked, Run, Say, Step } from '../../../../api/contract/index.ts';
import { api } from '../../data/api.ts';
import { useNow } from '../../data/clock.ts';
import { useChange } from '../../data/queries.ts';
import { inLocalTime, until } from '../../data/words.ts';
import { ChoiceField, ReasonField, TextField, TypedField } from '../../parts/fields.tsx';
import { Trouble } from '../../parts/parts.tsx';
import { whoMay } from './asked.ts';

/** What is asked of people stands on top: who may answer it, who has, and the way to say it. */
export function Questions({ run }: { readonly run: Run }): ReactNode {
  const asking = run.steps.filter(({ question }) => question !== null);
  return asking.map((step) =>
    step.asks === null || step.asks.word === 'confirm' ? (
      <Doubt key={step.id} run={run} step={step} />
    ) : (
      <Question key={step.id} run={run} step={step} asks={step.asks} />
    ),
  );
}

function Question({ run, step, asks }: { readonly run: Run; readonly step: Step; readonly asks: Asked }): ReactNode {
  const now = useNow();
  const [reason, setReason] = useState('');
  const [inputs, setInputs] = useState<Readonly<Record<string, string>>>({});
  const verb = asks.word === 'confirm' ? 'approve' : asks.word;
  const say = useChange(
    async (what: Say) => {
      const said = await api.runs[verb](run.run, what);
      // Nothing more is missing: the run goes on at once instead of waiting for a second press.
      if (said.complete && !said.denied && run.may.includes('resume')) await api.runs.resume(run.run, {});
      return said;
    },
    ['run', run.run],
    ['runs'],
  );
  const base: Say = { step: step.id, ...(reason.trim() === '' ? {} : { reason: reason.trim() }) };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    say.mutate({ ...base, ...(asks.word === 'attest' ? { inputs: { ...inputs } } : {}) });
  };
  return (
    <section className="sheet question" aria-label={`${step.id} waits for people`}>
      <header className="row between">
        <h2>{inLocalTime(step.question ?? '')}</h2>
        {asks.word === 'approve' ? (
          <span className="agreed">
            {asks.agreed.length} of {asks.count} agreed
          </span>
        ) : null}
      </header>
      <p className="small">
        <span className="strong">{step.id}</span> waits for {whoMay(asks)}
        {asks.agreed.length === 0 ? '' : `; yes from ${asks.agreed.join(', ')}`}
        {asks.untilAt === null ? '' : `; closes ${until(asks.untilAt, now)}`}
      </p>
      {asks.you.may ? (
        <form onSubmit={submit} className="stack tight">
          <Inputs asks={asks} values={inputs} onChange={setInputs} />
          <ReasonField value={reason} onChange={setReason} />
          <Trouble error={say.error} />
          <div className="row">
            {asks.word === 'choose' ? (
              asks.options.map((option) => (
                <button
                  key={option}
                  type="button"
                  className="button main"
                  disabled={say.isPending}
                  onClick={() => say.mutate({ ...base, option })}
                >
                  {option}
                </button>
              ))
            ) : (
              <button type="submit" className="button main" disabled={say.isPending}>
                {asks.word === 'approve' ? 'Approve' : 'It is done'}
              </button>
            )}
            {asks.word === 'choose' ? null : (
              <button
                type="button"
                className="button"
                disabled={say.isPending}
                onClick={() => say.mutate({ ...base, deny: true })}
              >
                {asks.word === 'approve' ? 'Deny' : 'It cannot be done'}
              </button>
            )}
          </div>
        </form>
      ) : (
        <p className="warn">{asks.you.why ?? 'It is not yours to answer.'}</p>
      )}
    </section>
  );
}

function Inputs({
  asks,
  values,
  onChange,
}: {
  readonly asks: Asked;
  readonly values: Readonly<Record<string, string>>;
  readonly onChange: (values: Readonly<Record<string, string>>) => void;
}): ReactNode {
  return Object.entries(asks.inputs).map(([name, { type, about, oneOf }]) => {
    const given = {
      label: name,
      hint: about ?? type,
      value: values[name] ?? '',
      onChange: (value: string) => onChange({ ...values, [name]: value }),
    };
    if (oneOf === undefined) return <TextField key={name} {...given} autoComplete="off" />;
    const choices = oneOf.map((value) => ({ value: String(value), words: String(value) }));
    return <ChoiceField key={name} {...given} choices={[{ value: '', words: 'Choose one' }, ...choices]} />;
  });
}

/** Nobody but a person can tell whether it took effect, or wants it to act. */
function Doubt({ run, step }: { readonly run: Run; readonly step: Step }): ReactNode {
  const [typed, setTyped] = useState('');
  const resume = useChange(
    (body: Parameters<typeof api.runs.resume>[1]) => api.runs.resume(run.run, body),
    ['run', run.run],
    ['runs'],
  );
  const isConfirm = step.asks?.word === 'confirm';
  return (
    <section className="sheet question" aria-label={`${step.id} waits for people`}>
      <h2>{inLocalTime(step.question ?? '')}</h2>
      {!run.may.includes('resume') ? (
        <p className="warn">It is not yours to answer.</p>
      ) : isConfirm ? (
        <form
          className="stack tight"
          onSubmit={(event) => {
            event.preventDefault();
            resume.mutate({ confirm: [step.id] });
          }}
        >
          <TypedField word={step.id} why="it acts on what is there" value={typed} onChange={setTyped} />
          <p>
            <button type="submit" className="button danger" disabled={typed !== step.id || resume.isPending}>
              Let it act
            </button>
          </p>
        </form>
      ) : (
        <div className="row">
          <button
            type="button"
            className="button"
            disabled={resume.isPending}
            onClick={() => resume.mutate({ step: step.id, is: 'done' })}
          >
            It took effect
          </button>
          <button
            type="button"
            className="button"
            disabled={resume.isPending}
            onClick={() => resume.mutate({ step: step.id, is: 'again' })}
          >
            It did not: do it
          </button>
        </div>
      )}
      <Trouble error={resume.error} />
    </section>
  );
}
