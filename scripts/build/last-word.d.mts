export function lastWord(done: { hasInstalled: boolean; event: string | undefined }): string | undefined;
