/**
 * Text that shows what it is: letters that are not seen, or that turn the order of what follows (control characters, bidirectional
 * marks, half pairs), stand as `⟨U+202E⟩`. A command that reads one way and does another must not come out of a runbook.
 * Lines stay lines; a tab becomes spaces.
 */
export function visible(text: string): string {
  return text.replaceAll(/\r\n?/g, '\n').replaceAll('\t', '    ').replaceAll(unseen, named);
}

/** As `visible`, in one line. */
export const visibleLine = (text: string): string => visible(text).replaceAll(/\s*\n\s*/g, ' ');

/** Control, format, surrogate and private characters, separators of lines and letters that are blank, but for the line feed. */
const unseen = /(?!\n)[\p{Cc}\p{Cf}\p{Cs}\p{Co}\u2028\u2029\u115F\u1160\u3164\uFFA0]/gu;

const named = (character: string): string =>
  `⟨U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}⟩`;
