import { describe, expect, it } from 'vitest';
import { carryPdf, readCarried } from './carry.ts';
import { runbookHtml } from './html.ts';
import { runbookMarkdown } from './markdown.ts';
import type { Runbook } from './model.ts';
import { runbookPdf } from './pdf.ts';
import { changesSince } from './record.ts';
import { runbookOfText } from './testing/rendered.ts';

const plan = `# A comment
lifeboat: 1
plan: small
owner: us
keys: { main: { passphrase: { env: LB_PASS } } }
stores: { near: { type: fs, path: ./near } }
assets: { documents: { type: files, path: ./documents } }
contacts: { kim: { role: on_call, phone: "1" } }
scenarios:
  lost: { trigger: gone, loses: { assets: [documents] }, steps: [{ restore: documents, into: new }] }
`;

const formats: readonly [string, (runbook: Runbook) => Promise<Buffer>][] = [
  ['markdown', async (runbook) => Buffer.from(runbookMarkdown(runbook))],
  ['html', async (runbook) => Buffer.from(runbookHtml(runbook))],
  ['pdf', (runbook) => runbookPdf(runbook)],
];

describe.each(formats)('a runbook as %s', (format, render) => {
  it('carries the hash of its plan and of each part, and is known as unchanged', async () => {
    const runbook = runbookOfText(plan);
    const carried = readCarried(await render(runbook));
    expect(carried).toEqual({ format, record: runbook.record, intact: true });
  });

  it('is known as changed when a word of it was changed by hand', async () => {
    const bytes = await render(runbookOfText(plan));
    const at = format === 'pdf' ? bytes.indexOf('/Type') + 1 : bytes.indexOf('documents');
    bytes[at] = 'D'.charCodeAt(0);
    expect(readCarried(bytes)).toMatchObject({ format, intact: false });
  });

  it('carries nothing that can be read when it was cut off', async () => {
    const bytes = await render(runbookOfText(plan));
    expect(readCarried(bytes.subarray(0, Math.floor(bytes.length / 2)))).toBeUndefined();
  });

  it('is not believed when its record is not of the form', async () => {
    const bytes = await render(runbookOfText(plan));
    const forged = Buffer.from(
      bytes.toString('latin1').replaceAll('lifeboat-runbook/1', 'lifeboat-runbook/9'),
      'latin1',
    );
    if (format !== 'pdf') expect(readCarried(forged)).toBeUndefined();
    const noRecord = Buffer.from(
      bytes.toString('latin1').replace('/LifeboatRunbook (', '/LifeboatRunbook (AAAA'),
      'latin1',
    );
    if (format === 'pdf') expect(readCarried(noRecord)).toBeUndefined();
  });
});

describe('a file that a mail or an editor gave other line ends', () => {
  it('still is what it was', () => {
    for (const text of [runbookMarkdown(runbookOfText(plan)), runbookHtml(runbookOfText(plan))])
      expect(readCarried(Buffer.from(text.replaceAll('\n', '\r\n')))).toMatchObject({ intact: true });
  });
});

describe('what changed since', () => {
  const then = runbookOfText(plan).record;
  const since = (text: string): string[] => changesSince(then, runbookOfText(text).record);

  it('is nothing when the plan was only laid out anew, though its files are others', () => {
    const anew = plan.replace('# A comment\n', '').replace('owner: us', 'owner:   "us"');
    expect(since(anew)).toEqual([]);
    expect(runbookOfText(anew).record.files).not.toBe(then.files);
  });

  it('is named in coarse words: the scenario, the contact, the section', () => {
    expect(since(plan.replace('trigger: gone', 'trigger: away'))).toEqual(['scenario lost changed']);
    expect(since(plan.replace('owner: us', 'owner: them'))).toEqual(['owner changed']);
    expect(since(plan.replace('kim:', 'lee:'))).toEqual(['contact kim is gone', 'contact lee is new']);
    expect(since(plan.replace('./documents', './papers').replace('phone: "1"', 'phone: "2"'))).toEqual([
      'asset documents changed',
      'contact kim changed',
    ]);
  });

  it('begins with the name when it was another plan', () => {
    expect(since(plan.replace('plan: small', 'plan: large'))[0]).toBe(
      'it was made from the plan small, this one is large',
    );
  });
});

describe('a PDF', () => {
  const { record } = runbookOfText(plan);
  const withTable =
    '%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\nxref\n0 2\n0000000000 65535 f \n0000000009 00000 n \ntrailer\n<< /Size 2 /Root 1 0 R >>\nstartxref\n45\n%%EOF\n';
  const withStream =
    '%PDF-1.5\n1 0 obj\n<< /Type /Catalog >>\nendobj\n2 0 obj\n<< /Type /XRef /Size 3 /Root 1 0 R /Length 4 >>\nstream\nabcd\nendstream\nendobj\nstartxref\n45\n%%EOF\n';

  it.each([withTable, withStream])('takes the record whether its objects are listed in a table or a stream', (pdf) => {
    const whole = pdf.replace(
      'startxref\n45',
      `startxref\n${pdf.includes('\nxref') ? pdf.indexOf('\nxref') + 1 : pdf.indexOf('2 0 obj')}`,
    );
    const carried = carryPdf(Buffer.from(whole), 'Title (é) \\ )', record);
    expect(readCarried(carried)).toEqual({ format: 'pdf', record, intact: true });
    expect(carried.subarray(0, whole.length).toString()).toBe(whole);
  });

  it('that is not whole takes none', () => {
    expect(() => carryPdf(Buffer.from('%PDF-1.4\nnothing'), 'Title', record)).toThrow('not a whole PDF');
  });
});

describe('what is no runbook', () => {
  it.each([
    '',
    '# A page\n',
    '%PDF-1.4\n',
    '<html></html>',
    '\n<!-- lifeboat-runbook\n{"a":1}\n-->\n',
    '\n<!-- lifeboat-runbook\n{\n-->\n',
  ])('carries nothing: %j', (text) => {
    expect(readCarried(Buffer.from(text))).toBeUndefined();
  });
});
