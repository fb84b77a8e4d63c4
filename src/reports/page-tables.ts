import type { Evidence, EvidenceStep } from './evidence.ts';
import { html, type Html } from './html.ts';
import { bytes, count, time } from './words.ts';

/** Where the time went, as one bar and in figures. */
export function clockBlock({ rto }: Evidence): Html {
  const parts = [
    ['detect', rto.detect],
    ['decide', rto.decide],
    ['execute', rto.execute],
    ['verify', rto.verify],
    ['waiting for people', rto.waitingForPeople],
    ...(rto.waitingForWindow > 0 ? ([['waiting for a window', rto.waitingForWindow]] as const) : []),
  ] as const;
  const share = (value: number): string => `${((value / Math.max(rto.total, 1e-6)) * 100).toFixed(2)}%`;
  return html`<section>
    <h2>Where the time went: ${time(rto.total)} from the impact to the last check</h2>
    <div class="split">
      ${parts.map(([name, value], index) => html`<i class="p${index}" style="width:${share(value)}" title="${name}"></i>`)}
    </div>
    <div class="legend">
      ${parts.map(([name, value], index) => html`<span><i class="p${index}"></i>${name} <b>${time(value)}</b></span>`)}
    </div>
  </section>`;
}

export function assetTable({ assets }: Evidence): Html {
  const words = { pass: 'PASS', fail: 'FAIL', unknown: 'NOT KNOWN' };
  return html`<section>
    <h2>Assets</h2>
    <div class="scroll">
      <table>
        <tr>
          <th>Asset</th>
          <th class="number">Size</th>
          <th>Recovery point</th>
          <th class="number">RPO</th>
          <th class="number">target</th>
          <th class="number">RTO</th>
          <th class="number">target</th>
          <th class="number">Acknowledged</th>
          <th class="number">Restored</th>
          <th class="number">Lost</th>
          <th>Verdict</th>
        </tr>
        ${assets.map(
          (one) =>
            html`<tr>
              <td><b>${one.asset}</b></td>
              <td class="number">${bytes(one.bytes)}</td>
              <td>
                ${
                  one.point === undefined
                    ? 'none'
                    : html`<code>${one.point.id}</code>
                        <div class="note">
                          ${time(one.point.ageSeconds)} before the impact, from ${one.point.store}
                        </div>`
                }
                <div class="note">RPO: ${one.rpoHow}</div>
              </td>
              <td class="number">${one.rpoAtMost && '≤ '}${time(one.rpoSeconds)}</td>
              <td class="number">${time(one.rpoTargetSeconds, 'none')}</td>
              <td class="number">${time(one.rtoSeconds)}</td>
              <td class="number">${time(one.rtoTargetSeconds, 'none')}</td>
              <td class="number">${count(one.acknowledged)}</td>
              <td class="number">${count(one.restored)}</td>
              <td class="number">${count(one.lost)}</td>
              <td class="word ${one.verdict}">${words[one.verdict]}</td>
            </tr>`,
        )}
      </table>
    </div>
  </section>`;
}

/** Planned against actual, on one scale of time. */
export function stepTable({ steps }: Evidence): Html {
  const begun = steps.flatMap(({ startedAt }) => (startedAt === undefined ? [] : [Date.parse(startedAt)]));
  const firstMs = Math.min(...begun);
  const lastMs = Math.max(...steps.map((step) => endOf(step, firstMs)));
  const scale = Math.max(lastMs - firstMs, 1);
  return html`<section>
    <h2>Steps, planned and actual</h2>
    <div class="scroll">
      <table>
        <tr>
          <th>Step</th>
          <th>State</th>
          <th class="number">Budget</th>
          <th class="number">Took</th>
          <th class="number">Tries</th>
          <th>When</th>
          <th>What happened</th>
        </tr>
        ${steps.map(
          (step) =>
            html`<tr>
              <td>
                <b>${step.id}</b>
                <div class="note">${step.title}</div>
              </td>
              <td class="word ${step.state}">${step.state}</td>
              <td class="number">${time(step.budgetSeconds, '–')}</td>
              <td class="number">${step.seconds === undefined ? '–' : time(step.seconds)}${step.overBudget && ' !'}</td>
              <td class="number">${step.attempts}</td>
              <td><div class="gantt">${bar(step, firstMs, scale)}</div></td>
              <td>${step.summary}</td>
            </tr>`,
        )}
      </table>
    </div>
  </section>`;
}

function bar(step: EvidenceStep, firstMs: number, scale: number): Html | undefined {
  if (step.startedAt === undefined) return undefined;
  const left = ((Date.parse(step.startedAt) - firstMs) / scale) * 100;
  const width = (((step.seconds ?? 0) * 1000) / scale) * 100;
  const look = step.state === 'failed' ? 'failed' : step.overBudget ? 'over' : '';
  return html`<i
    class="${look}"
    style="left:${Math.min(left, 98).toFixed(2)}%;width:${Math.min(width, 100 - Math.min(left, 98)).toFixed(2)}%"
  ></i>`;
}

const endOf = ({ startedAt, seconds }: EvidenceStep, firstMs: number): number =>
  startedAt === undefined ? firstMs : Date.parse(startedAt) + (seconds ?? 0) * 1000;

export function checkTable({ checks }: Evidence): Html | undefined {
  if (checks.length === 0) return undefined;
  return html`<section>
    <h2>Checks of what was restored</h2>
    <div class="scroll">
      <table>
        <tr>
          <th>Asset</th>
          <th>Check</th>
          <th>Result</th>
          <th>Observed</th>
          <th>Expected</th>
        </tr>
        ${checks.map(
          ({ asset, name, ok, observed, expected }) =>
            html`<tr>
              <td>${asset}</td>
              <td>${name}</td>
              <td class="word ${ok ? 'pass' : 'fail'}">${ok ? 'green' : 'RED'}</td>
              <td>${observed}</td>
              <td>${expected}</td>
            </tr>`,
        )}
      </table>
    </div>
  </section>`;
}
