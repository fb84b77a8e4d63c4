import type { Remark } from './draft.ts';

export type { Remark } from './draft.ts';

/** A plan read out of a document, and what became of the document's lines. */
export interface ImportedPlan {
  /** The text of the plan; `# line 42` behind a line names the document's. */
  readonly plan: string;
  readonly understood: readonly Remark[];
  readonly guessed: readonly Remark[];
  /** What no part of the plan holds. */
  readonly leftOver: readonly Remark[];
}

/**
 * Reads a Markdown document about disaster recovery as far as it can be read. Nothing in it is executed, and nothing that it does
 * not say is put into the plan. `name` is the file's, for people. Throws `limit.exceeded` when it is too large or nested too deeply.
 */
export async function importDocument(text: string, name: string): Promise<ImportedPlan> {
  // Loaded when it is asked for: the readers of Markdown and shell would slow down every other command.
  const { importDocument: read } = await import('./import-document.ts');
  return read(text, name);
}
