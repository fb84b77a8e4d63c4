/** For the title of tests that run only where something is: why they are skipped, where they are, and nothing where they run. */
export const skippedFor = (reason: string | undefined): string => (reason === undefined ? '' : ` (skipped: ${reason})`);
