/**
 * What `npm run setup` says when it is done; undefined: nothing. `npm test` and the like set up first each time and go on by themselves, and where
 * nothing had to be done nothing is said.
 * @param {{ hasInstalled: boolean, event: string | undefined }} done
 * @returns {string | undefined}
 */
export const lastWord = ({ hasInstalled, event }) =>
  hasInstalled && event === 'setup'
    ? 'Ready. Next: npm run demo (a disaster and its recovery), or bin/lifeboat --help'
    : undefined;
