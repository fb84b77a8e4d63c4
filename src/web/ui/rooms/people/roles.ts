import { roles, type Role } from '../../../../api/contract/words.ts';

/** What a role may, beside what those before it may. */
export const may: Readonly<Record<Role, string>> = {
  viewer: 'reads everything',
  operator: 'takes points, restores beside, rehearses, goes on with runs',
  approver: 'consents as the contact that the account names, recovers for real, rolls back',
  admin: 'keeps accounts and tokens, and sees who changed what',
};

export const roleChoices = roles.map((role) => ({ value: role, words: `${role}: ${may[role]}` }));
