import { XMLParser } from 'fast-xml-parser';
import { LifeboatError, messageOf } from '../../../core/index.ts';

/** An element as its children by name, or its text. Nothing is turned into numbers: names of objects may look like them. */
export type Xml = string | { readonly [name: string]: Xml | readonly Xml[] };

const parser = new XMLParser({ ignoreAttributes: true, parseTagValue: false, trimValues: false });

/** The root element's name and content. Throws `store.io` on what is no XML. */
export function readXml(body: Buffer, where: string): { root: string; content: Xml } {
  try {
    const { '?xml': _, ...parsed } = parser.parse(body) as Record<string, Xml>;
    const [root, content] = Object.entries(parsed)[0] ?? [];
    if (root !== undefined && content !== undefined) return { root, content };
  } catch (error) {
    throw unreadable(where, messageOf(error));
  }
  throw unreadable(where, 'it is empty');
}

const unreadable = (where: string, why: string): LifeboatError =>
  new LifeboatError('store.io', `the server answered something that is not its protocol: ${why}`, {
    where,
    hint: 'Is the endpoint an S3 server, and nothing between it and this machine that answers instead?',
  });

export const textAt = (xml: Xml | undefined, ...path: readonly string[]): string | undefined => {
  const found = path.reduce<Xml | undefined>((at, name) => allAt(at, name)[0], xml);
  return typeof found === 'string' ? found : undefined;
};

/** Every child of that name: none, one or many. */
export function allAt(xml: Xml | undefined, name: string): readonly Xml[] {
  if (xml === undefined || typeof xml === 'string') return [];
  const found = xml[name];
  if (found === undefined) return [];
  return Array.isArray(found) ? (found as readonly Xml[]) : [found as Xml];
}

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

export const escaped = (text: string): string => text.replaceAll(/[&<>"']/g, (one) => escapes[one] as string);

/** `{ Rule: [{ ID: 'a' }, { ID: 'b' }] }` as elements; what is undefined is left out. */
export function writeXml(tree: XmlTree): string {
  return Object.entries(tree)
    .flatMap(([name, value]) => (Array.isArray(value) ? value : [value]).map((one) => [name, one] as const))
    .map(([name, value]) => {
      if (value === undefined) return '';
      return `<${name}>${typeof value === 'object' ? writeXml(value as XmlTree) : escaped(String(value))}</${name}>`;
    })
    .join('');
}

export interface XmlTree {
  readonly [name: string]: XmlTree | readonly XmlTree[] | string | number | boolean | undefined;
}
