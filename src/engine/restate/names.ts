/** What the engine calls things of ours: a worker of a site, and the runs that it leads. The names of plans fit into both. */
export const serviceOf = (site: string): string => `lifeboat-site-${site}`;
export const workflowOf = (site: string): string => `lifeboat-run-${site}`;
