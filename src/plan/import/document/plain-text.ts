/** Text without the marks of Markdown, with what broken encodings left behind put right. Links keep their words. */
export function plainText(marks: string): string {
  return repaired(marks)
    .replaceAll(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replaceAll(/(\*\*|__)(.*?)\1/g, '$2')
    .replaceAll(/(?<![\w*])\*(?!\s)([^*]+?)\*(?![\w*])/g, '$1')
    .replaceAll(/`([^`]*)`/g, '$1')
    .replaceAll(/<\/?(b|i|em|strong|br|code)\s*\/?>/gi, '')
    .replaceAll(/\\([|*_`[\]<>])/g, '$1')
    .replaceAll(/&lt;/g, '<')
    .replaceAll(/&gt;/g, '>')
    .replaceAll(/&amp;/g, '&')
    .trim();
}

/** UTF-8 that was read as Windows-1252 on its way: dashes and quotes come out as three letters. */
function repaired(text: string): string {
  return text
    .replaceAll(/\u00e2\u20ac(?:\u201c|\u0093|\u201d|\u0094)/g, '–')
    .replaceAll(/\u00e2\u20ac[\u2122\u02dc]/g, "'")
    .replaceAll(/\u00e2\u2030\u00a4/g, '≤')
    .replaceAll(/\u00a0/g, ' ');
}

/** The spans of code in a text: paths, buckets, commands. */
export const codeSpans = (marks: string): string[] =>
  [...marks.matchAll(/`([^`]+)`/g)].map(([, text]) => text as string);
