import type { Script, Statement } from '../shell/script.ts';

/** A comment of a script with the commands below it. */
export interface Title {
  readonly text: string | undefined;
  readonly line: number;
  readonly numbered: boolean;
  /** `Option A: restart the pods`: one of several ways. */
  readonly option: boolean;
  readonly statements: Statement[];
  /** Comments below it that have no command of their own. */
  readonly details: { readonly text: string; readonly line: number }[];
}

/** The script cut at its comments: each with the commands below it. */
export function titlesOf({ statements, comments }: Script): Title[] {
  const titles: Title[] = [{ text: undefined, line: 0, numbered: false, option: false, statements: [], details: [] }];
  const lines = [
    ...comments.map((comment) => ({ line: comment.line, comment: comment.text, statement: undefined })),
    ...statements.map((statement) => ({ line: statement.line, comment: undefined, statement })),
  ].sort((a, b) => a.line - b.line);
  for (const { line, comment, statement } of lines) {
    const last = titles.at(-1) as Title;
    if (statement !== undefined) last.statements.push(statement);
    else if (comment !== undefined) {
      const numbered = /^(step\s*)?\d+[.):]/i.test(comment);
      const text = comment.replace(/^(step\s*)?\d+[.):]\s*/i, '');
      const option = /^option\b/i.test(comment);
      // A plain comment between a number and its first command says more of the same step.
      if (!numbered && !option && last.numbered && last.statements.length === 0) last.details.push({ text, line });
      else titles.push({ text, line, numbered, option, statements: [], details: [] });
    }
  }
  return titles;
}
