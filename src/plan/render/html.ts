import { Html, html } from '../../core/index.ts';
import { carryHtml } from './carry.ts';
import {
  wordList,
  type Block,
  type Fact,
  type Runbook,
  type Section,
  type StepBlock,
  type Word,
  type Words,
} from './model.ts';
import { runbookStyle } from './style.ts';
import { visible, visibleLine } from './visible.ts';

/** The runbook as one HTML file: nothing is loaded and nothing runs, on the screen light or dark, on paper with page numbers. */
export function runbookHtml(runbook: Runbook): string {
  return carryHtml(`<!doctype html>\n${page(runbook).text}\n`, runbook.record);
}

const page = (runbook: Runbook): Html =>
  html`<html lang="en">
    <head>
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'" />
      <meta name="lifeboat-plan-hash" content="${runbook.record.hash}" />
      <title>${visibleLine(runbook.title)}</title>
      <style>
        ${new Html(runbookStyle(visibleLine(runbook.footer)))}
      </style>
    </head>
    <body>
      <main>
        <header>
          <h1>${visibleLine(runbook.title)}</h1>
          <p>${visibleLine(runbook.subtitle)}</p>
          ${runbook.cover.map((block) => blockHtml(block))}
        </header>
        ${contents(runbook.sections)} ${runbook.sections.map(sectionHtml)}
      </main>
    </body>
  </html>`;

const contents = (sections: readonly Section[]): Html =>
  html`<nav aria-label="Contents">
    <h2>Contents</h2>
    <ol>
      ${sections
        .filter(({ level }) => level === 1)
        .map(({ id, title }) => html`<li><a href="#${id}">${visibleLine(title)}</a></li> `)}
    </ol>
  </nav>`;

function sectionHtml({ id, title, level, ownPage, blocks }: Section): Html {
  const heading = level === 1 ? html`<h2>${visibleLine(title)}</h2>` : html`<h3>${visibleLine(title)}</h3>`;
  const kind = `${ownPage ? 'own-page' : ''}${id.startsWith('scenario-') ? ' scenario' : ''}`.trim();
  return html`<section id="${id}" class="${kind}">${heading} ${blocks.map((block) => blockHtml(block))}</section> `;
}

function blockHtml(block: Block): Html {
  switch (block.kind) {
    case 'heading':
      return html`<h3>${visibleLine(block.text)}</h3> `;
    case 'paragraph':
      return html`<p>${inline(block.text)}</p> `;
    case 'notice':
      return html`<p class="notice ${block.tone}">${inline(block.text)}</p> `;
    case 'facts':
      return factList(block.rows);
    case 'table':
      return tableHtml(block.head, block.rows);
    case 'list':
      return html`<ul>
        ${block.items.map((item) => html`<li>${inline(item)}</li>`)}
      </ul> `;
    case 'ticks':
      return html`<ul class="ticks">
        ${block.items.map((item) => html`<li>${box}<span>${inline(item)}</span></li> `)}
      </ul> `;
    case 'code':
      return html`<figure>
        <figcaption>${visibleLine(block.caption)}</figcaption>
        <pre><code>${visible(block.text)}</code></pre>
      </figure> `;
    case 'steps':
      return html`<ol class="steps">
        ${block.steps.map(stepHtml)}
      </ol> `;
  }
}

/** Drawn, not an input: what is ticked on a screen would be gone when the page is opened again. */
const box = html`<i class="box" role="img" aria-label="to tick"></i>`;

const factList = (rows: readonly Fact[]): Html =>
  html`<dl>
    ${rows.map(
      ([term, said]) =>
        html`<dt>${visibleLine(term)}</dt>
          <dd>${inline(said)}</dd> `,
    )}
  </dl> `;

const tableHtml = (head: readonly string[], rows: readonly (readonly Words[])[]): Html =>
  html`<div class="scroll">
    <table>
      <thead>
        <tr>
          ${head.map((cell) => html`<th scope="col">${visibleLine(cell)}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (cells) =>
            html`<tr>
              ${cells.map((cell) => html`<td>${inline(cell)}</td>`)}
            </tr> `,
        )}
      </tbody>
    </table>
  </div> `;

function stepHtml({ number, id, title, marks, blocks, inside }: StepBlock): Html {
  return html`<li class="step">
    <div class="line">
      <span class="number">${number}</span>${box}
      <div class="what">
        <h4>${visibleLine(title)}</h4>
        <p class="beside">
          <code>${visibleLine(id)}</code>${marks.map((mark) => html` <b class="mark">${visibleLine(mark)}</b>`)}
          <span class="times">started <i></i> done <i></i></span>
        </p>
      </div>
    </div>
    <div class="body">
      ${blocks.map((block) => (block.kind === 'heading' ? html`<h5>${visibleLine(block.text)}</h5> ` : blockHtml(block)))}
    </div>
    ${
      inside.length > 0 &&
      html`<ol class="steps inside">
        ${inside.map(stepHtml)}
      </ol>`
    }
  </li> `;
}

const inline = (words: Words): Html[] => wordList(words).map(wordHtml);

function wordHtml(word: Word): Html {
  if (typeof word === 'string') return html`${visibleLine(word)}`;
  if ('strong' in word) return html`<b>${visibleLine(word.strong)}</b>`;
  if ('code' in word) return html`<code>${visibleLine(word.code)}</code>`;
  return html`<a href="#${word.to}">${visibleLine(word.text)}</a>`;
}
