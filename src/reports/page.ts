import type { Evidence, EvidenceCriterion } from './evidence.ts';
import { html, Html } from './html.ts';
import { assetTable, checkTable, clockBlock, stepTable } from './page-tables.ts';
import { style } from './style.ts';
import { bytes, count, moment, time } from './words.ts';

/** One page that stands for itself: no script, nothing loaded, the same on paper and in the dark. */
export function drillPage(evidence: Evidence): string {
  return `<!doctype html>\n${page(evidence).text}\n`;
}

/** The same page; the evidence says that it was the real day. */
export const recoveryPage = drillPage;

function page(evidence: Evidence): Html {
  return html`<html lang="en">
    <head>
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'" />
      <title>${evidence.verdict.toUpperCase()} · ${evidence.title}</title>
      <style>
        ${new Html(style)}
      </style>
    </head>
    <body>
      ${banner(evidence)}
      <main>
        ${headline(evidence)} ${figures(evidence)} ${criteria(evidence)} ${clockBlock(evidence)} ${assetTable(evidence)}
        ${stepTable(evidence)} ${checkTable(evidence)} ${scope(evidence)} ${apart(evidence)} ${provenance(evidence)}
      </main>
    </body>
  </html>`;
}

const banner = ({ mode, environment, plan }: Evidence): Html =>
  html`<div class="mode ${mode}">
    <span>${mode === 'DRILL' ? 'DRILL: a rehearsal in a bubble' : 'REAL: a recovery, not a rehearsal'}</span>
    <span>plan ${plan.name} · environment ${environment}</span>
  </div>`;

function headline({ verdict, title, scenario, run, finishedAt, criteria: all }: Evidence): Html {
  const red = all.filter((one) => one.verdict !== 'pass');
  const why = red.map((one) => `${names[one.name]}: ${reasonOf(one)}`).join(' · ');
  return html`<header>
    <div class="verdict ${verdict}">${verdict === 'pass' ? 'PASS' : 'FAIL'}</div>
    <div>
      <h1>${title}</h1>
      <p>${scenario} · ended ${moment(finishedAt)} · run <code>${run}</code></p>
      ${red.length > 0 && html`<p class="why">${why}</p>`}
    </div>
  </header>`;
}

function reasonOf(one: EvidenceCriterion): string {
  if (one.measured === undefined || one.target === undefined) return one.text;
  return `${amount(one, one.measured)}, target ${amount(one, one.target)} (${one.text})`;
}

function figures({ rto, criteria: all, assets, clockStarts }: Evidence): Html {
  const rpo = all.find(({ name }) => name === 'rpo');
  const lost = all.find(({ name }) => name === 'lost');
  const worst = worstOf(assets.map(({ rpoSeconds }) => rpoSeconds));
  const atMost = assets.some(({ rpoAtMost, rpoSeconds }) => rpoAtMost && rpoSeconds === worst);
  const total = sumOf(assets.map((asset) => asset.lost));
  return html`<div class="figures">
    ${figure('Recovery time', time(rto.seconds), verdictOf(all, 'rto', rto.seconds), against(rto.targetSeconds), `counted from the ${clockStarts === 'impact' ? 'impact' : 'declaration'} to the last green check`)}
    ${figure('Data loss (RPO)', `${atMost && worst !== undefined ? '≤ ' : ''}${time(worst)}`, verdictOf(all, 'rpo', worst), against(rpo?.target), atMost ? 'an upper bound: at most that' : 'acknowledged commits that did not come back')}
    ${figure('Lost', count(total), verdictOf(all, 'lost', total), lost?.target === undefined ? 'no target' : `at most ${count(lost.target)}`, `of ${count(sumOf(assets.map(({ acknowledged }) => acknowledged)))} acknowledged, ${count(sumOf(assets.map(({ restored }) => restored)))} restored`)}
    ${figure('Restored', bytes(sumOf(assets.map((asset) => asset.bytes))), 'none', `${assets.length} ${assets.length === 1 ? 'asset' : 'assets'}`, pointsOf(assets))}
  </div>`;
}

const figure = (name: string, value: string, verdict: string, target: string, note: string): Html =>
  html`<section>
    <h2>${name}</h2>
    <div class="figure ${verdict}">${value}</div>
    <div>${target}</div>
    <div class="note">${note}</div>
  </section>`;

const pointsOf = (assets: Evidence['assets']): string => {
  const ages = assets.flatMap(({ point }) => (point === undefined ? [] : [point.ageSeconds]));
  return ages.length === 0
    ? 'no recovery point was used'
    : `oldest recovery point used: ${time(Math.max(...ages))} before the impact`;
};

const against = (target: number | undefined): string => (target === undefined ? 'no target' : `target ${time(target)}`);

const verdictOf = (all: Evidence['criteria'], name: EvidenceCriterion['name'], value: unknown): string =>
  all.find((one) => one.name === name)?.verdict ?? (value === undefined ? 'unknown' : 'none');

function criteria({ criteria: all }: Evidence): Html {
  return html`<section>
    <h2>Criteria</h2>
    <div class="scroll">
      <table>
        <tr>
          <th>Criterion</th>
          <th>Verdict</th>
          <th class="number">Measured</th>
          <th class="number">Target</th>
          <th class="number">Margin</th>
          <th>What it says</th>
        </tr>
        ${all.map(
          (one) =>
            html`<tr>
              <td>${names[one.name]}</td>
              <td class="word ${one.verdict}">${words[one.verdict]}</td>
              <td class="number">${one.atMost && '≤ '}${amount(one, one.measured)}</td>
              <td class="number">${amount(one, one.target)}</td>
              <td class="number">${amount(one, one.margin)}</td>
              <td>${one.text}</td>
            </tr>`,
        )}
      </table>
    </div>
  </section>`;
}

const names: Record<EvidenceCriterion['name'], string> = {
  procedure: 'Procedure',
  people: 'People',
  rto: 'Recovery time (RTO)',
  rpo: 'Data loss (RPO)',
  lost: 'Lost',
  health: 'Health',
  isolation: 'Isolation',
  bubble: 'Bubble destroyed',
};

const words: Record<EvidenceCriterion['verdict'], string> = { pass: 'PASS', fail: 'FAIL', unknown: 'NOT KNOWN' };

function amount({ unit }: EvidenceCriterion, value: number | undefined): string {
  if (unit === 'none') return '';
  if (value === undefined) return '–';
  return unit === 's' ? time(value) : count(value);
}

const scope = ({ scope: within, notExercised, mode }: Evidence): Html =>
  html`<div class="two">
    <section>
      <h2>Scope</h2>
      <ul>
        ${within.map((item) => html`<li>${item}</li>`)}
      </ul>
    </section>
    ${
      (mode === 'DRILL' || notExercised.length > 0) &&
      html`<section>
        <h2>What was not exercised</h2>
        ${
          notExercised.length === 0
            ? 'nothing was left out'
            : html`<ul>
                ${notExercised.map((item) => html`<li>${item}</li>`)}
              </ul>`
        }
      </section>`
    }
  </div>`;

function apart({ isolation, bubble, messages }: Evidence): Html | undefined {
  if (isolation === undefined) return undefined;
  return html`<div class="two">
    <section>
      <h2>Kept apart from production</h2>
      <ul>
        ${isolation.sources.map(
          ({ asset, before, after, same }) =>
            html`<li>
              ${asset}: source
              ${same === undefined ? 'did not answer, nothing to compare' : same ? 'is who it was before' : 'CHANGED'}
              <span class="note"
                ><code>${before ?? 'no answer'}</code
                >${same === false && html` → <code>${after ?? 'no answer'}</code>`}</span
              >
            </li>`,
        )}
        ${isolation.targets.map(
          ({ asset, inside, path }) =>
            html`<li>
              ${asset}: restored ${inside ? 'inside the bubble' : 'OUTSIDE the bubble'}
              <span class="note"><code>${path}</code></span>
            </li>`,
        )}
        ${messages.map(({ channel, subject }) => html`<li>not sent to ${channel}: ${subject}</li>`)}
      </ul>
    </section>
    <section>
      <h2>Destruction of the bubble</h2>
      ${
        bubble === undefined
          ? 'no proof: the bubble may still be there'
          : html`<dl>
              <dt>gone</dt>
              <dd class="word ${bubble.gone ? 'pass' : 'fail'}">${bubble.gone ? 'yes, confirmed' : 'NO'}</dd>
              <dt>folder</dt>
              <dd><code>${bubble.folder}</code></dd>
              <dt>stopped</dt>
              <dd>${bubble.stopped.join(', ') || 'nothing was running'}</dd>
              <dt>ended by force</dt>
              <dd>${bubble.ended} process groups</dd>
              ${
                bubble.left.length > 0 &&
                html`<dt>left</dt>
                  <dd class="word fail">${bubble.left.join('; ')}</dd>`
              }
            </dl>`
      }
    </section>
  </div>`;
}

const provenance = (evidence: Evidence): Html =>
  html`<section>
    <h2>Where this comes from</h2>
    <dl>
      <dt>plan</dt>
      <dd>${evidence.plan.name} <code>${evidence.plan.hash}</code></dd>
      <dt>scenario</dt>
      <dd>${evidence.scenario} <code>${evidence.plan.scenarioHash}</code></dd>
      <dt>asked for by</dt>
      <dd>
        ${evidence.askedForBy ?? (evidence.mode === 'DRILL' ? 'no person: the schedule, or a step that calls it' : 'nobody who said their name')}
      </dd>
      <dt>made by</dt>
      <dd>${evidence.tool} on ${evidence.host}</dd>
      <dt>impact, declared</dt>
      <dd>${moment(evidence.impactAt)}, ${moment(evidence.declaredAt)}</dd>
      <dt>journal</dt>
      <dd>
        ${evidence.journal.records} records, ${evidence.journal.first} to ${evidence.journal.last}, head
        <code>${evidence.journal.head}</code>
      </dd>
      <dt>SHA-256</dt>
      <dd><code>${evidence.sha256}</code></dd>
    </dl>
    <p class="note">
      The hash covers the JSON document of the same name without its field sha256: keys sorted, no spaces, UTF-8.
    </p>
  </section>`;

/** Unknown if any is unknown. */
function worstOf(values: readonly (number | undefined)[]): number | undefined {
  return values.length === 0 || values.includes(undefined) ? undefined : Math.max(...(values as number[]));
}

function sumOf(values: readonly (number | undefined)[]): number | undefined {
  return values.length === 0 || values.includes(undefined)
    ? undefined
    : (values as number[]).reduce((a, b) => a + b, 0);
}
