import { LifeboatError } from '../../core/index.ts';

/**
 * Adds information to a finished PDF as the format means it to be done: an update behind its end, with an object, a table and a
 * trailer of its own. What was there before is not touched, so that its hash stays. Throws `process.failed` for bytes that are no
 * whole PDF.
 */
export function withInfo(pdf: Buffer, title: string, keywords: string, data: string): Buffer {
  const { tableAt, root, size } = endOf(pdf);
  const object = `${size} 0 obj\n<< /Title ${textString(title)} /Creator (Lifeboat) /Keywords ${textString(keywords)} /${dataKey} (${data}) >>\nendobj\n`;
  const objectAt = pdf.length + 1;
  const newTableAt = objectAt + object.length;
  const table = `xref\n${size} 1\n${String(objectAt).padStart(10, '0')} 00000 n \n`;
  const trailer = `trailer\n<< /Size ${size + 1} /Root ${root} /Info ${size} 0 R /Prev ${tableAt} >>\nstartxref\n${newTableAt}\n%%EOF\n`;
  return Buffer.concat([pdf, Buffer.from(`\n${object}${table}${trailer}`, 'latin1')]);
}

/** What `withInfo` put there last; undefined when nothing did. */
export function infoOf(pdf: Buffer): string | undefined {
  const at = pdf.lastIndexOf(`/${dataKey} (`, undefined, 'latin1');
  if (at < 0) return undefined;
  const start = at + dataKey.length + 3;
  const end = pdf.indexOf(')', start, 'latin1');
  return end < 0 ? undefined : pdf.subarray(start, end).toString('latin1');
}

const dataKey = 'LifeboatRunbook';

/** The last table of objects (a table or, in newer files, a stream), what it calls the root, and the first free number. */
function endOf(pdf: Buffer): { tableAt: number; root: string; size: number } {
  const startAt = pdf.lastIndexOf('startxref', undefined, 'latin1');
  const tableAt = Number(/^startxref\s+(\d+)/.exec(pdf.subarray(Math.max(startAt, 0)).toString('latin1'))?.[1]);
  if (startAt < 0 || !(tableAt < pdf.length)) throw notWhole();
  const part = pdf.subarray(tableAt).toString('latin1');
  // The entries of a table hold no slash; of a stream the dictionary stands before its bytes.
  const dictionary = part.startsWith('xref')
    ? part.slice(part.indexOf('trailer'))
    : part.slice(0, part.indexOf('stream'));
  const root = /\/Root\s+(\d+\s+\d+\s+R)/.exec(dictionary)?.[1];
  const size = Number(/\/Size\s+(\d+)/.exec(dictionary)?.[1]);
  if (root === undefined || !Number.isSafeInteger(size)) throw notWhole();
  return { tableAt, root, size };
}

const notWhole = (): LifeboatError =>
  new LifeboatError('process.failed', 'what was printed is not a whole PDF', {
    hint: 'Run again, or render HTML and print it from a browser.',
  });

/** Any text as a PDF string: UTF-16 with its mark, in hexadecimal. */
const textString = (text: string): string => {
  const units = [...Array(text.length).keys()].map((at) => text.charCodeAt(at).toString(16).padStart(4, '0'));
  return `<FEFF${units.join('').toUpperCase()}>`;
};
