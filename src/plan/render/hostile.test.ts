import * as fc from 'fast-check';
import { marked, type Token, type Tokens } from 'marked';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { readCarried } from './carry.ts';
import { runbookHtml } from './html.ts';
import { runbookMarkdown } from './markdown.ts';
import type { Runbook } from './model.ts';
import { runbookPdf } from './pdf.ts';
import { date, runbookOfText } from './testing/rendered.ts';
import { visible, visibleLine } from './visible.ts';

/** A plan that says the same hostile text wherever people may write what they like. */
function planSaying(said: string): string {
  return stringify({
    lifeboat: 1,
    plan: 'hostile',
    about: said,
    owner: said,
    version: said,
    goals: [said],
    keys: { main: { passphrase: { env: 'LB_PASS' }, shares: { of: 3, needed: 2 } } },
    stores: { near: { type: 'fs', path: './near', about: said } },
    assets: {
      data: { type: 'files', path: './data', about: said, holds: [said] },
      out: { excluded: said, provider: said },
    },
    services: { shop: { about: said, needs: ['data'] } },
    documents: { paper: { about: said, url: 'https://wiki.example', host: said } },
    readiness: { ready: { must: said } },
    contacts: {
      kim: {
        role: 'on_call',
        name: said,
        phone: said,
        chat: said,
        duties: [said],
        external: { vendor: said, account: said },
      },
    },
    severities: { P1: { means: said, examples: [said], actions: [said] } },
    categories: { bad: { means: said, examples: [said], answers: [said] } },
    templates: { news: { subject: said.replaceAll(/[{}%]/g, ''), body: said.replaceAll(/[{}%]/g, '') || 'x' } },
    checklists: { list: { when: 'before', items: [said, { do: said }] }, other: [said] },
    scenarios: {
      lost: {
        about: said,
        trigger: said,
        goal: said,
        impact: said,
        answers: said,
        severity: 'P1',
        loses: { assets: ['data'] },
        checklists: ['list'],
        steps: [
          { id: 'by_hand', manual: { do: said, by: ['on_call'] }, title: said, undo: said, command: said },
          { id: 'look', look: { at: said, for: said } },
          { id: 'decide', choose: { question: said, options: [said, `${said}.`] } },
          { id: 'yes', approve: { by: ['on_call'], question: said } },
        ],
      },
    },
    exercises: { talk: { kind: 'tabletop', about: said, success: [said] } },
    commands: { look: { about: said, command: said } },
    waivers: [{ rule: 'people.no_backup', why: said }],
  });
}

const nasty = [
  '<script>alert(1)</script>',
  '</script><img src=x onerror=alert(1)>',
  '</style></title></body></html>',
  '" onmouseover="x',
  '--> <!-- lifeboat-runbook',
  '[here](javascript:alert(1))',
  '![x](https://evil.example/x.png)',
  '<https://evil.example>',
  '`` ` ```',
  '~~~\n# Heading\n- list\n1. one\n> quote\n---\n',
  '| a | b |',
  '**bold** __b__ *i* _i_ ~~s~~ $x$',
  '&lt;b&gt; &amp; &#60;',
  '\\`*_{}[]()#+-.!|',
  '\u202Egnp.exe\u202C \u200B\uFEFF\u2066x\u2069',
  '\u0007\u001B[31mred\u0000\u0085\u2028',
  '\uD800 half',
  '${not.an.expression',
  ') endobj /JS (x)',
  '    four spaces',
  '[ ] [x] [^1] [a]: http://x',
  'x'.repeat(300),
  '中文 العربية עברית 🚀',
];
/** Texts as YAML can hold them and as no expression of the plan. */
const hostileText = fc
  .array(fc.oneof(fc.constantFrom(...nasty), fc.string({ unit: 'binary', maxLength: 12 })), {
    minLength: 1,
    maxLength: 4,
  })
  .map((parts) => `x${parts.join(' ')}`.toWellFormed().replaceAll('$', 'S').replaceAll('\u0000', '\u0001'));

const runs = { numRuns: 60 };

/** Nothing of these may reach any text that is read. */
const unseen = /(?!\n)[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/u;

describe('hostile words in a plan', () => {
  it('are words in HTML: no element, attribute or script comes of them', () => {
    const harmless = shapeOf(runbookHtml(saying('x')));
    fc.assert(
      fc.property(hostileText, (said) => {
        const page = runbookHtml(saying(said));
        expect(shapeOf(page)).toEqual(harmless);
        expect(textOfHtml(page)).toContain(visibleLine(said).trim());
        expect(page).not.toMatch(unseen);
        expect(readCarried(Buffer.from(page))?.intact).toBe(true);
      }),
      runs,
    );
  });

  it('are words in Markdown: no HTML, image or link that hides where it leads comes of them', () => {
    fc.assert(
      fc.property(hostileText, (said) => {
        const text = runbookMarkdown(saying(said));
        const { html, links, images, headings } = partsOfMarkdown(text);
        expect(
          html.filter((one) => !/^<a id="[\w-]+">$|^<\/a>$/.test(one) && !one.startsWith('<!-- lifeboat-runbook\n{')),
        ).toEqual([]);
        expect(html.filter((one) => one.startsWith('<!--')).length).toBe(1);
        expect(images).toEqual([]);
        expect(
          links.filter(({ href, text: shown }) => !/^#[\w-]+$/.test(href) && !leadsWhereItSays(href, shown)),
        ).toEqual([]);
        expect(headings).toBe(headingsOfHarmless);
        expect(text).not.toMatch(unseen);
        expect(readCarried(Buffer.from(text))?.intact).toBe(true);
      }),
      runs,
    );
  });

  it('are words in PDF, and do not keep it from being made', async () => {
    await fc.assert(
      fc.asyncProperty(hostileText, async (said) => {
        const pdf = await runbookPdf(saying(said));
        expect(readCarried(pdf)?.intact).toBe(true);
        expect(pdf.toString('latin1').replaceAll(/stream\r?\n[^]*?endstream/g, '')).not.toMatch(
          /\/(JS|JavaScript|Launch|URI|OpenAction|EmbeddedFile)\b/,
        );
      }),
      { numRuns: 8 },
    );
  });

  it('that nobody sees are shown by their numbers', () => {
    expect(visible('a\u202Eb\u0007\tc\r\nd')).toBe('a⟨U+202E⟩b⟨U+0007⟩    c\nd');
    expect(visibleLine('a\n  b\u2028')).toBe('a b⟨U+2028⟩');
  });
});

const headingsOfHarmless = partsOfMarkdown(runbookMarkdown(saying('x'))).headings;

/** What the linter finds depends on the words: here it finds one thing, and says them too. */
function saying(said: string): Runbook {
  const place = { file: 'plan.yaml', path: 'scenarios.lost', line: 1, column: 1 };
  const finding = { ...place, code: 'time.rpo', severity: 'error' as const, message: said, hint: said };
  return runbookOfText(planSaying(said), date, [finding]);
}

/** The elements of a page with their attributes, in order; texts and the record are left out. */
function shapeOf(page: string): string[] {
  const tags = page
    .replace(/<style>[^]*?<\/style>/, '<style></style>')
    .replace(/(<script type="application\/json" id="lifeboat-runbook">)[^<]*/, '$1')
    .match(/<[^>]*>?/g);
  return (tags ?? []).map((tag) => tag.replace(/content="[0-9a-f]{64}"/, 'content="…"'));
}

const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" };
const textOfHtml = (page: string): string =>
  page.replaceAll(/<[^>]*>/g, '').replaceAll(/&(amp|lt|gt|quot|#39);/g, (_, name: string) => entities[name] ?? '');

function partsOfMarkdown(text: string): {
  html: string[];
  links: { href: string; text: string }[];
  images: string[];
  headings: number;
} {
  const found = {
    html: [] as string[],
    links: [] as { href: string; text: string }[],
    images: [] as string[],
    headings: 0,
  };
  marked.walkTokens(marked.lexer(text) as Token[], (token) => {
    if (token.type === 'html') found.html.push(...((token as Tokens.HTML).raw.match(/<!--[^]*-->|<[^>]*>?/g) ?? []));
    if (token.type === 'link')
      found.links.push({ href: (token as Tokens.Link).href, text: (token as Tokens.Link).text });
    if (token.type === 'image') found.images.push(token.raw);
    if (token.type === 'heading') found.headings += 1;
  });
  return found;
}

const leadsWhereItSays = (href: string, shown: string): boolean =>
  [shown, `http://${shown}`, `mailto:${shown}`].some((way) => decoded(way) === decoded(href));

function decoded(text: string): string {
  try {
    return decodeURI(text.replaceAll('&amp;', '&'));
  } catch {
    return text;
  }
}
