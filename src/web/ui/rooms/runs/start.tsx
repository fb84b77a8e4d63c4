import { useState, type FormEvent, type ReactNode } from 'react';
import type { Plan, StartedRun, StartRun } from '../../../../api/contract/index.ts';
import { api } from '../../data/api.ts';
import { useChange, useMay, usePlan } from '../../data/queries.ts';
import { count, seconds } from '../../data/words.ts';
import { go, setQuery, usePlace } from '../../frame/route.tsx';
import { ChoiceField, TextField, TypedField } from '../../parts/fields.tsx';
import { RoomHead, Trouble, Waiting } from '../../parts/parts.tsx';
import { Part } from '../restore/part.tsx';
import { BriefingView } from './briefing.tsx';
import '../restore/restore.css';
import './runs.css';

type Scenario = Plan['scenarios'][number];

/** A drill with one press; a recovery only behind its briefing, and with its name typed. */
export default function StartRoom(): ReactNode {
  const answer = usePlan();
  const { query } = usePlace();
  const { data } = answer;
  if (data === undefined)
    return (
      <>
        <RoomHead title="Rehearse or recover" />
        <Waiting answer={answer} what="the plan" />
      </>
    );
  const scenario = data.scenarios.find((one) => one.scenario === query.get('scenario')) ?? data.scenarios[0];
  return (
    <>
      <RoomHead title="Rehearse or recover" />
      <div className="wizard">
        <Drills drills={data.drills} />
        {scenario === undefined ? null : <Recover key={scenario.scenario} plan={data} scenario={scenario} />}
      </div>
    </>
  );
}

function Drills({ drills }: { readonly drills: readonly string[] }): ReactNode {
  const may = useMay('operator');
  const start = useChange((drill: string) => api.runs.start({ what: 'drill', drill }), ['runs'], ['operations']);
  return (
    <section className="sheet" aria-label="Rehearse">
      <header>
        <h2>Rehearse</h2>
        <span className="soft small">in a bubble, measured, scored, destroyed; production is only read</span>
      </header>
      {drills.length === 0 ? <p className="empty">The plan declares no drill.</p> : null}
      <div className="row">
        {drills.map((drill) => (
          <button
            key={drill}
            type="button"
            className="button"
            disabled={!may || start.isPending}
            onClick={() => start.mutate(drill, { onSuccess: follow })}
          >
            Drill {drill}
          </button>
        ))}
      </div>
      <Trouble error={start.error} />
    </section>
  );
}

function follow(started: StartedRun): void {
  if (started.what !== 'dry') go(`/runs/${started.run}`);
}

function Recover({ plan, scenario }: { readonly plan: Plan; readonly scenario: Scenario }): ReactNode {
  const may = useMay('operator');
  const [values, setValues] = useState<Readonly<Record<string, string>>>({});
  const [environment, setEnvironment] = useState('');
  const dry = useChange((body: StartRun) => api.runs.start(body));
  const wish = {
    scenario: scenario.scenario,
    ...(environment === '' ? {} : { environment }),
    ...(Object.keys(values).length === 0 ? {} : { parameters: { ...values } }),
  };
  const ask = (event: FormEvent): void => {
    event.preventDefault();
    dry.mutate({ what: 'dry', ...wish });
  };
  const change = (work: () => void): void => {
    work();
    dry.reset();
  };
  return (
    <>
      <Part number={1} title="Recover for real">
        <form onSubmit={ask} className="stack tight">
          <ChoiceField
            label="Scenario"
            hint={`${scenario.trigger ?? 'no trigger is said'}; ${count(scenario.steps, 'step')}, RTO ${seconds(scenario.rtoSeconds, 'not said')}, RPO ${seconds(scenario.rpoSeconds, 'not said')}`}
            value={scenario.scenario}
            onChange={(value) => setQuery({ scenario: value })}
            choices={plan.scenarios.map(({ scenario: name }) => ({ value: name, words: name }))}
          />
          <ChoiceField
            label="Environment"
            hint="Where the steps act."
            value={environment}
            onChange={(value) => change(() => setEnvironment(value))}
            choices={[{ value: '', words: 'as the plan says' }, ...placesOf(plan)]}
          />
          {scenario.parameters.map(({ name, about, required }) => (
            <TextField
              key={name}
              label={name}
              hint={about ?? undefined}
              required={required}
              value={values[name] ?? ''}
              onChange={(value) => change(() => setValues({ ...values, [name]: value }))}
            />
          ))}
          <p>
            <button type="submit" className="button main" disabled={!may || dry.isPending}>
              {dry.isPending ? 'Looking …' : 'Show what would happen'}
            </button>
          </p>
          <Trouble error={dry.error} />
        </form>
      </Part>
      {dry.data?.what === 'dry' ? (
        <>
          <Part number={2} title="What would happen">
            <BriefingView briefing={dry.data.briefing} />
          </Part>
          <ForReal scenario={scenario} wish={wish} />
        </>
      ) : null}
    </>
  );
}

const placesOf = ({ environments }: Plan): { value: string; words: string }[] =>
  environments
    .filter(({ ephemeral }) => !ephemeral)
    .map(({ environment, protected: isProtected }) => ({
      value: environment,
      words: isProtected ? `${environment} (protected)` : environment,
    }));

function ForReal({
  scenario,
  wish,
}: {
  readonly scenario: Scenario;
  readonly wish: { readonly scenario: string; readonly environment?: string };
}): ReactNode {
  const may = useMay('approver');
  const [typed, setTyped] = useState('');
  const [confirmed, setConfirmed] = useState<readonly string[]>([]);
  const start = useChange((body: StartRun) => api.runs.start(body), ['runs'], ['operations']);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    const confirm = confirmed.length === 0 ? {} : { confirm: [...confirmed] };
    start.mutate({ what: 'recover', ...wish, typed, ...confirm }, { onSuccess: follow });
  };
  return (
    <Part number={3} title="For real">
      {may ? null : <p className="warn">Your role may look. For the real one an approver has to sign in.</p>}
      <form onSubmit={submit} className="stack tight">
        {scenario.destructive.map((step) => (
          <label key={step} className="row">
            <input
              type="checkbox"
              checked={confirmed.includes(step)}
              onChange={({ target }) =>
                setConfirmed(target.checked ? [...confirmed, step] : confirmed.filter((one) => one !== step))
              }
            />
            <span>
              <span className="strong">{step}</span> may act on what is there; otherwise it asks when it comes to it
            </span>
          </label>
        ))}
        <TypedField word={scenario.scenario} why="this is no drill" value={typed} onChange={setTyped} />
        <p>
          <button
            type="submit"
            className="button danger"
            disabled={!may || typed !== scenario.scenario || start.isPending}
          >
            Recover {scenario.scenario} for real
          </button>
        </p>
        <Trouble error={start.error} />
      </form>
    </Part>
  );
}
