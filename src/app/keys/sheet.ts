import type { Secret } from '../../core/index.ts';

/** One holder's share of a key, and what a stranger has to know who finds it. */
export interface Sheet {
  readonly plan: string;
  readonly owner: string | undefined;
  readonly holder: string;
  readonly holders: readonly string[];
  readonly number: number;
  readonly of: number;
  readonly needed: number;
  readonly set: string;
  readonly day: string;
  readonly stores: readonly { readonly store: string; readonly location: string; readonly fingerprint: string }[];
  readonly words: Secret;
}

const wordsPerRow = 4;

/** Plain text, for a file of mode 0600 that is printed and destroyed. `readShare` takes it as it is. */
export function sheetText(sheet: Sheet): string {
  const words = sheet.words.reveal().split(' ');
  const rows = Array.from({ length: Math.ceil(words.length / wordsPerRow) }, (_, row) =>
    words
      .slice(row * wordsPerRow, (row + 1) * wordsPerRow)
      .map((word, i) => `${String(row * wordsPerRow + i + 1).padStart(3)} ${word.padEnd(12)}`)
      .join('')
      .trimEnd(),
  );
  return [
    `LIFEBOAT KEY SHARE ${sheet.number} OF ${sheet.of}`,
    '',
    ...sheetFacts(sheet).map(([name, said]) => `${`${name}:`.padEnd(14)} ${said}`),
    '',
    ...sheetAdvice(sheet).flatMap((line) => [...wrapped(line, 96), '']),
    '--- words ---',
    ...rows,
    '--- end of words ---',
    '',
  ].join('\n');
}

const sheetFacts = (sheet: Sheet): [string, string][] => [
  ['held by', sheet.holder],
  ['opens', `the copies of ${sheet.plan}${sheet.owner === undefined ? '' : ` (${sheet.owner})`}`],
  ...sheet.stores.map(({ store, location, fingerprint }): [string, string] => [
    'store',
    `${store}, ${location}, fingerprint ${fingerprint}`,
  ]),
  ['needed', `any ${sheet.needed} of the ${sheet.of} shares of the set ${sheet.set}`],
  ['the others', sheet.holders.filter((one) => one !== sheet.holder).join(', ') || 'not named'],
  ['made', sheet.day],
];

const sheetAdvice = ({ needed }: Sheet): string[] => [
  'Keep this sheet where only you reach it, and away from the data and from the copies. By itself it opens nothing and tells nothing; nobody needs to see it unless the copies are to be opened. If it is lost or seen by others, tell the owner: new shares are made with `lifeboat keys share`, and this set is taken out.',
  `On the day: ${needed} holders bring their sheets to one machine with the plan. Type the words of each into a file of its own (the first four letters of each word are enough), or be asked for them with --key ask. Then: lifeboat points --key share-1.txt --key share-2.txt, and in the same way lifeboat restore. Delete the files afterwards.`,
];

function wrapped(text: string, width: number): string[] {
  const lines: string[] = [''];
  for (const word of text.split(' ')) {
    const last = lines.at(-1) as string;
    if (last.length + word.length + 1 > width) lines.push(word);
    else lines[lines.length - 1] = last === '' ? word : `${last} ${word}`;
  }
  return lines;
}

/** The same on one page of paper. */
export async function sheetPdf(sheet: Sheet): Promise<Buffer> {
  const { default: Document } = await import('pdfkit');
  const document = new Document({ size: 'A4', margins: { top: 56, bottom: 56, left: 56, right: 56 } });
  const chunks: Buffer[] = [];
  document.on('data', (chunk: Buffer) => chunks.push(chunk));
  const ended = new Promise<void>((resolve, reject) => {
    document.once('end', resolve);
    document.once('error', reject);
  });
  document.font('Helvetica-Bold').fontSize(20).text(`Lifeboat key share ${sheet.number} of ${sheet.of}`);
  document.moveDown(0.6).fontSize(10);
  for (const [name, said] of sheetFacts(sheet)) {
    document.font('Helvetica-Bold').text(`${name}: `, { continued: true }).font('Helvetica').text(printable(said));
  }
  document.moveDown();
  for (const line of sheetAdvice(sheet)) document.font('Helvetica').text(line).moveDown(0.6);
  drawWords(document, sheet.words.reveal().split(' '));
  document.end();
  await ended;
  return Buffer.concat(chunks);
}

function drawWords(document: PDFKit.PDFDocument, words: readonly string[]): void {
  const top = document.y + 10;
  const [width, height] = [120, 22];
  document.rect(48, top - 8, width * wordsPerRow + 16, Math.ceil(words.length / wordsPerRow) * height + 12).stroke();
  words.forEach((word, i) => {
    const [x, y] = [56 + (i % wordsPerRow) * width, top + Math.floor(i / wordsPerRow) * height];
    document
      .font('Courier')
      .fontSize(9)
      .fillColor('#444444')
      .text(String(i + 1).padStart(2), x, y + 2, { lineBreak: false });
    document
      .font('Courier-Bold')
      .fontSize(13)
      .fillColor('#000000')
      .text(word, x + 18, y, { lineBreak: false });
  });
}

/** The built-in fonts know the letters of Western Europe. */
const printable = (text: string): string =>
  text.replaceAll(/[^\x20-\x7E\xA0-\xFF]/gu, (letter) => `<U+${letter.codePointAt(0)?.toString(16).toUpperCase()}>`);
