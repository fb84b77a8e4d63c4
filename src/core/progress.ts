/** How long work tells how far it is; a surface (terminal, API, nobody) decides how to show it. */
export interface Progress {
  /** A new phase, with what it will process in all, if known; a source may grow meanwhile: once more is done, nobody knows it. */
  phase(name: string, total?: { bytes?: number; items?: number }): void;
  /** More of the phase is done. */
  advance(done: { bytes?: number; items?: number }): void;
  /** A plain sentence that people should see once. */
  note(message: string): void;
}

export const silentProgress: Progress = { phase: () => {}, advance: () => {}, note: () => {} };
