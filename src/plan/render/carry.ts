import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { RunbookRecord } from './model.ts';
import { infoOf, withInfo } from './pdf-info.ts';
import { recordSchema } from './record.ts';

export type RunbookFormat = 'markdown' | 'html' | 'pdf';

/** What was found in a rendered file. */
export interface Carried {
  readonly format: RunbookFormat;
  readonly record: RunbookRecord;
  /** Whether everything around the record still is as it was rendered. Anybody can make a new record: this finds changes, not forgers. */
  readonly intact: boolean;
}

/** Puts the record into a rendered runbook: a comment at the end of Markdown, data in HTML, an entry of the PDF's information. */
export function carryMarkdown(text: string, record: RunbookRecord): string {
  return `${text}\n<!-- lifeboat-runbook\n${dataOf(record, text)}\n-->\n`;
}

export function carryHtml(page: string, record: RunbookRecord): string {
  const at = page.lastIndexOf('</body>');
  return `${page.slice(0, at)}${scriptOf(dataOf(record, page))}${page.slice(at)}`;
}

export function carryPdf(pdf: Buffer, title: string, record: RunbookRecord): Buffer {
  const data = Buffer.from(dataOf(record, pdf, pdf.length)).toString('base64url');
  return withInfo(pdf, title, `lifeboat-runbook ${record.plan} ${record.hash}`, data);
}

/** Of any of the three formats; undefined when the file carries nothing that this program wrote. */
export function readCarried(bytes: Buffer): Carried | undefined {
  if (bytes.subarray(0, 5).toString('latin1') === '%PDF-') return fromPdf(bytes);
  const text = bytes.toString('utf8').replaceAll('\r\n', '\n');
  return fromHtml(text) ?? fromMarkdown(text);
}

function fromPdf(bytes: Buffer): Carried | undefined {
  const data = infoOf(bytes);
  const read = data === undefined ? undefined : readData(Buffer.from(data, 'base64url').toString('utf8'));
  if (read?.bytes === undefined) return undefined;
  const { record, content, bytes: length } = read;
  return { format: 'pdf', record, intact: content === sha256(bytes.subarray(0, length)) };
}

function fromHtml(text: string): Carried | undefined {
  const start = text.lastIndexOf(scriptStart);
  const end = start < 0 ? -1 : text.indexOf(scriptEnd, start);
  if (end < 0) return undefined;
  const read = readData(text.slice(start + scriptStart.length, end));
  if (read === undefined) return undefined;
  const around = `${text.slice(0, start)}${text.slice(end + scriptEnd.length)}`;
  return { format: 'html', record: read.record, intact: read.content === sha256(around) };
}

function fromMarkdown(text: string): Carried | undefined {
  const start = text.lastIndexOf('\n<!-- lifeboat-runbook\n');
  const match = start < 0 ? null : /^\n<!-- lifeboat-runbook\n(.*)\n-->\n*$/.exec(text.slice(start));
  const read = match?.[1] === undefined ? undefined : readData(match[1]);
  if (read === undefined) return undefined;
  return { format: 'markdown', record: read.record, intact: read.content === sha256(text.slice(0, start)) };
}

const scriptStart = '<script type="application/json" id="lifeboat-runbook">';
const scriptEnd = '</script>\n';
const scriptOf = (data: string): string => `${scriptStart}${data}${scriptEnd}`;

/** In one line; no letter of it can end the comment or the element that it stands in. */
function dataOf(record: RunbookRecord, content: string | Buffer, bytes?: number): string {
  const data = { ...record, content: sha256(content), ...(bytes === undefined ? {} : { bytes }) };
  return JSON.stringify(data).replaceAll(/[<>&]/g, (letter) => `\\u00${letter.charCodeAt(0).toString(16)}`);
}

const dataSchema = recordSchema.extend({ content: z.string(), bytes: z.int().min(0).optional() });

function readData(text: string): { record: RunbookRecord; content: string; bytes: number | undefined } | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined; // Not ours, or damaged: either way there is no record to compare.
  }
  const parsed = dataSchema.safeParse(value);
  if (!parsed.success) return undefined;
  const { content, bytes, ...record } = parsed.data;
  return { record, content, bytes };
}

const sha256 = (data: string | Buffer): string => createHash('sha256').update(data).digest('hex');
