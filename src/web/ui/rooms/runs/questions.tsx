import { useState, type FormEvent, type ReactNode } from 'react';
import type { Asked, Run, Say, Step } from '../../../../api/contract/index.ts';
import { api } from '../../data/api.ts';
import { useNow } from '../../data/clock.ts';
import { useChange } from '../../data/queries.ts';
import { until } from '../../data/words.ts';
import { Field, Trouble } from '../../parts/parts.tsx';

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
        <h2>{step.question}</h2>
        <span className="agreed">
          {asks.agreed.length} of {asks.count}
        </span>
      </header>
      <p className="small">
        <span className="strong">{step.id}</span> waits for{' '}
        {asks.by.length === 0 ? 'anybody of the plan' : asks.by.join(' or ')}
        {asks.agreed.length === 0 ? '' : `; yes from ${asks.agreed.join(', ')}`}
        {asks.untilAt === null ? '' : `; closes ${until(asks.untilAt, now)}`}
      </p>
      {asks.you.may ? (
        <form onSubmit={submit} className="stack tight">
          <Inputs asks={asks} values={inputs} onChange={setInputs} />
          <Field label="Why (for those who read it later)">
            {(given) => <input {...given} value={reason} onChange={(event) => setReason(event.target.value)} />}
          </Field>
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
  return Object.entries(asks.inputs).map(([name, { type, about, oneOf }]) => (
    <Field key={name} label={name} hint={about ?? type}>
      {(given) =>
        oneOf === undefined ? (
          <input
            {...given}
            value={values[name] ?? ''}
            onChange={(event) => onChange({ ...values, [name]: event.target.value })}
          />
        ) : (
          <select
            {...given}
            value={values[name] ?? ''}
            onChange={(event) => onChange({ ...values, [name]: event.target.value })}
          >
            <option value="">Choose one</option>
            {oneOf.map((value) => (
              <option key={value}>{value}</option>
            ))}
          </select>
        )
      }
    </Field>
  ));
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
      <h2>{step.question}</h2>
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
          <Field label={`Type ${step.id}: it acts on what is there`}>
            {(given) => (
              <input
                {...given}
                value={typed}
                autoCapitalize="none"
                autoComplete="off"
                onChange={(event) => setTyped(event.target.value)}
              />
            )}
          </Field>
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
