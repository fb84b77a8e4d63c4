import type { Account, AccountChange, NewAccount } from '../../../../api/contract/index.ts';
import type { Role } from '../../../../api/contract/words.ts';

/** The form of an account, as it was filled in. */
export interface Written {
  readonly role: Role;
  readonly contact: string;
  readonly password: string;
}

export const newOf = ({ name, role, contact, password }: Written & { readonly name: string }): NewAccount => ({
  name,
  role,
  password,
  ...(contact === '' ? {} : { contact }),
});

/** Only what is another one than the form began with: what somebody else changed meanwhile is not taken back, and the audit says what was changed. */
export const changeOf = (before: Account, { role, contact, password }: Written): AccountChange => ({
  ...(role === before.role ? {} : { role }),
  ...(contact === (before.contact ?? '') ? {} : { contact: contact === '' ? null : contact }),
  ...(password === '' ? {} : { password }),
});
