/** HTML that is safe to show. Only `html` makes it; everything put into it is escaped, unless it is such HTML itself. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type HtmlPart = string | number | Html | undefined | false | readonly HtmlPart[];

/** A template tag: html`<b>${name}</b>` escapes `name`; lists are joined; undefined and false are nothing. */
export function html(literal: TemplateStringsArray, ...parts: readonly HtmlPart[]): Html {
  return new Html(literal.map((text, index) => text + (index < parts.length ? render(parts[index]) : '')).join(''));
}

function render(part: HtmlPart): string {
  if (part === undefined || part === false) return '';
  if (part instanceof Html) return part.text;
  if (Array.isArray(part)) return part.map(render).join('');
  return escapeHtml(String(part));
}

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

export const escapeHtml = (text: string): string => text.replaceAll(/[&<>"']/g, (letter) => entities[letter] ?? letter);
