/** What needs no schema: the one part of the contract that a page loads when it only talks. */

/** Where all of it is found: `/api/v1/readiness`. A change that breaks who reads it gets another number. */
export const apiBase = '/api/v1';

/** With everything that is not GET, by who came with a cookie: `csrf` of the session. */
export const csrfHeader = 'Lifeboat-CSRF';

/** What an account or token may do; each may all that those before it may. */
export const roles = ['viewer', 'operator', 'approver', 'admin'] as const;
export type Role = (typeof roles)[number];

/** Whether a role may what another one may. */
export const isAtLeast = (one: Role, needed: Role): boolean => roles.indexOf(one) >= roles.indexOf(needed);

/** Events that say nothing for so long come over a dead connection; beats come three times in it. Milliseconds. */
export const silenceMs = 45_000;
