import { useMemo, useState, type ReactNode } from 'react';
import type { Finding, Plan } from '../../../../api/contract/index.ts';
import { usePlan } from '../../data/queries.ts';
import { count } from '../../data/words.ts';
import { RoomHead, Sheet, Trouble, Waiting, Word } from '../../parts/parts.tsx';
import './plan.css';

const severities = ['error', 'warning', 'info'] as const;

/** The plan as it stands, each finding beside its line. */
export default function PlanRoom(): ReactNode {
  const answer = usePlan();
  const { data } = answer;
  return (
    <>
      <RoomHead title="Plan">
        {data === undefined ? null : (
          <span className="soft small">
            {data.name} <code>{data.hash.slice(0, 12)}</code>
            {data.owner === null ? '' : `, kept by ${data.owner}`}
          </span>
        )}
      </RoomHead>
      {data === undefined ? <Waiting answer={answer} what="the plan" /> : <PlanView plan={data} />}
    </>
  );
}

function PlanView({ plan }: { readonly plan: Plan }): ReactNode {
  const [file, setFile] = useState(plan.files[0]?.file ?? '');
  const shown = plan.files.find((one) => one.file === file) ?? plan.files[0];
  const many = (severity: Finding['severity']): number =>
    plan.findings.filter((one) => one.severity === severity).length;
  const goTo = (finding: Finding): void => {
    setFile(finding.file);
    // The line is there when the file is.
    requestAnimationFrame(() => {
      const line = document.getElementById(`line-${finding.line}`);
      line?.scrollIntoView({ block: 'center' });
      line?.focus({ preventScroll: true });
    });
  };
  return (
    <div className="stack">
      {plan.refused === null ? null : (
        <Trouble
          error={{ ...plan.refused, message: `The files have changed and are refused: ${plan.refused.message}` }}
        />
      )}
      <Sheet
        title={plan.findings.length === 0 ? 'No findings' : severityText(many)}
        aside={<span className="soft small">as lifeboat check says</span>}
      >
        {plan.findings.length === 0 ? (
          <p className="empty">What the plan says holds together, as far as can be seen from it.</p>
        ) : (
          <ul className="findings">
            {plan.findings.map((finding) => (
              <li key={`${finding.file} ${finding.line} ${finding.column} ${finding.code} ${finding.message}`}>
                <button type="button" onClick={() => goTo(finding)}>
                  <Word of={finding.severity} />
                  <span className="soft nowrap">
                    {short(finding.file)}:{finding.line}
                  </span>
                  <span>
                    {finding.message}
                    {finding.hint === null ? null : <span className="soft"> → {finding.hint}</span>}
                  </span>
                </button>
              </li>
            ))}
          </ul>
        )}
      </Sheet>
      {shown === undefined ? null : (
        <Sheet
          title={short(shown.file)}
          aside={
            plan.files.length < 2 ? null : (
              <span className="tabs" role="group" aria-label="File">
                {plan.files.map(({ file: name }) => (
                  <button key={name} type="button" aria-pressed={name === shown.file} onClick={() => setFile(name)}>
                    {short(name)}
                  </button>
                ))}
              </span>
            )
          }
        >
          <Source text={shown.text} findings={plan.findings.filter((one) => one.file === shown.file)} />
        </Sheet>
      )}
    </div>
  );
}

const severityText = (many: (severity: Finding['severity']) => number): string =>
  severities
    .flatMap((severity) =>
      many(severity) === 0 ? [] : [count(many(severity), severity === 'info' ? 'remark' : severity)],
    )
    .join(', ');

const short = (file: string): string => file.split('/').at(-1) ?? file;

/** The text with its line numbers; what was found stands below its line. */
function Source({ text, findings }: { readonly text: string; readonly findings: readonly Finding[] }): ReactNode {
  const byLine = useMemo(() => Map.groupBy(findings, ({ line }) => line), [findings]);
  const lines = useMemo(() => text.replace(/\n$/, '').split('\n'), [text]);
  return (
    <div className="source" tabIndex={0} role="region" aria-label="Text of the plan">
      {lines.map((line, at) => {
        const found = byLine.get(at + 1) ?? [];
        return (
          <div key={at} className={`line ${found[0]?.severity ?? ''}`} id={`line-${at + 1}`} tabIndex={-1}>
            <span className="line-number" aria-hidden="true">
              {at + 1}
            </span>
            <code>
              <Coloured line={line} />
            </code>
            {found.map((finding) => (
              <p key={`${finding.code} ${finding.column} ${finding.message}`} className="beside">
                <Word of={finding.severity} /> {finding.message}
                {finding.hint === null ? null : <span className="soft"> → {finding.hint}</span>}{' '}
                <span className="soft small">{finding.code}</span>
              </p>
            ))}
          </div>
        );
      })}
    </div>
  );
}

/** Names apart from values, remarks apart from both: enough to find one's way. */
function Coloured({ line }: { readonly line: string }): ReactNode {
  const [, before = '', name, rest = ''] = /^(\s*(?:- )?)([\w.-]+:)?(.*)$/.exec(line) ?? [];
  const remark = /(?:^|\s)#.*$/.exec(rest)?.index ?? rest.length;
  return (
    <>
      {before}
      {name === undefined ? null : <span className="yaml-name">{name}</span>}
      {rest.slice(0, remark)}
      <span className="yaml-remark">{rest.slice(remark)}</span>
    </>
  );
}
