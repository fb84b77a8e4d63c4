import { useState, type FormEvent, type ReactNode } from 'react';
import type { Account } from '../../../../api/contract/index.ts';
import type { Role } from '../../../../api/contract/words.ts';
import { api } from '../../data/api.ts';
import { useAccounts, useChange, usePlan, useSession } from '../../data/queries.ts';
import { count, dayAndTime } from '../../data/words.ts';
import { ChoiceField, NameField, PasswordField } from '../../parts/fields.tsx';
import { Dialog, Sheet, Trouble, Waiting } from '../../parts/parts.tsx';
import { roleChoices } from './roles.ts';
import { changeOf, newOf } from './written.ts';

type Opened = { readonly what: 'add' } | { readonly what: 'change' | 'remove'; readonly account: Account };

/** Who has an account: what each may, and as whom of the plan each speaks. */
export function Accounts(): ReactNode {
  const answer = useAccounts();
  const [opened, setOpened] = useState<Opened>();
  const close = (): void => setOpened(undefined);
  const { data } = answer;
  return (
    <Sheet
      title={data === undefined ? 'Accounts' : count(data.accounts.length, 'account')}
      aside={
        <button type="button" className="button" onClick={() => setOpened({ what: 'add' })}>
          Add an account …
        </button>
      }
    >
      {data === undefined ? (
        <Waiting answer={answer} what="the accounts" />
      ) : (
        <AccountTable accounts={data.accounts} onOpen={setOpened} />
      )}
      {opened?.what === 'add' ? <AccountForm onClose={close} /> : null}
      {opened?.what === 'change' ? <AccountForm account={opened.account} onClose={close} /> : null}
      {opened?.what === 'remove' ? <Removal account={opened.account} onClose={close} /> : null}
    </Sheet>
  );
}

function AccountTable({
  accounts,
  onOpen,
}: {
  readonly accounts: readonly Account[];
  readonly onOpen: (opened: Opened) => void;
}): ReactNode {
  const { data: session } = useSession();
  const me = session?.signedIn === true ? session.me.name : '';
  return (
    <table className="cards">
      <thead>
        <tr>
          <th>Name</th>
          <th>Role</th>
          <th>Speaks as</th>
          <th>Signed in</th>
          <th>Made</th>
          <th>
            <span className="hidden">What to do</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {accounts.map((account) => (
          <tr key={account.name}>
            <th scope="row">
              {account.name}
              {account.name === me ? <span className="small soft"> you</span> : null}
            </th>
            <td data-label="Role">{account.role}</td>
            <td data-label="Speaks as">{account.contact ?? <span className="soft">nobody</span>}</td>
            <td data-label="Signed in" className="nowrap">
              {dayAndTime(account.signedInAt)}
            </td>
            <td data-label="Made" className="nowrap">
              {dayAndTime(account.createdAt)}
            </td>
            <td className="does">
              <button
                type="button"
                className="button plain"
                aria-label={`Change ${account.name}`}
                onClick={() => onOpen({ what: 'change', account })}
              >
                Change
              </button>
              <button
                type="button"
                className="button plain"
                aria-label={`Remove ${account.name}`}
                onClick={() => onOpen({ what: 'remove', account })}
              >
                Remove
              </button>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** A new account, or another role, contact or password of one that is there. */
function AccountForm({ account, onClose }: { readonly account?: Account; readonly onClose: () => void }): ReactNode {
  const [name, setName] = useState(account?.name ?? '');
  const [role, setRole] = useState<Role>(account?.role ?? 'viewer');
  const [contact, setContact] = useState(account?.contact ?? '');
  const [password, setPassword] = useState('');
  const [shown, setShown] = useState(false);
  const save = useChange(
    (): Promise<Account> =>
      account === undefined
        ? api.accounts.add(newOf({ name, role, contact, password }))
        : api.accounts.change(account.name, changeOf(account, { role, contact, password })),
    ['accounts'],
    ['session'],
  );
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    save.mutate(undefined, { onSuccess: onClose });
  };
  const isNew = account === undefined;
  return (
    <Dialog title={isNew ? 'Add an account' : `Change ${account.name}`} onClose={onClose}>
      <form onSubmit={submit} className="stack">
        {isNew ? (
          <NameField
            value={name}
            onChange={setName}
            hint="Small letters, digits, dot, dash, underscore and @."
            autoFocus
          />
        ) : null}
        <ChoiceField
          label="Role"
          hint="Each may what those above it may."
          value={role}
          onChange={setRole}
          choices={roleChoices}
        />
        <ContactField value={contact} onChange={setContact} />
        <div className="stack tight">
          <PasswordField
            label={isNew ? 'Password' : 'Another password (left empty: as it is)'}
            value={password}
            onChange={setPassword}
            isNew
            optional={!isNew}
            shown={shown}
            hint={
              shown
                ? 'Hand it over; they change it under Accounts.'
                : isNew
                  ? undefined
                  : 'It ends their sessions: they sign in again.'
            }
          />
          <p>
            <button
              type="button"
              className="button plain"
              onClick={() => {
                setPassword(madePassword());
                setShown(true);
              }}
            >
              Make one
            </button>
          </p>
        </div>
        <Trouble error={save.error} />
        <div className="actions">
          <button type="button" className="button" onClick={onClose}>
            Leave it
          </button>
          <button type="submit" className="button main" disabled={save.isPending}>
            {save.isPending ? 'Writing …' : isNew ? 'Add it' : 'Change it'}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

function ContactField({
  value,
  onChange,
}: {
  readonly value: string;
  readonly onChange: (value: string) => void;
}): ReactNode {
  const contacts = usePlan().data?.contacts ?? [];
  const known = contacts.map(({ contact, role }) => ({
    value: contact,
    words: role === null ? contact : `${contact}, ${role}`,
  }));
  const others =
    value === '' || known.some((one) => one.value === value)
      ? []
      : [{ value, words: `${value}, not in the plan any more` }];
  return (
    <ChoiceField
      label="Speaks as"
      hint="The contact of the plan in whose name they start, approve and decide."
      value={value}
      onChange={onChange}
      choices={[{ value: '', words: 'nobody of the plan' }, ...known, ...others]}
    />
  );
}

function Removal({ account, onClose }: { readonly account: Account; readonly onClose: () => void }): ReactNode {
  const remove = useChange(() => api.accounts.remove(account.name), ['accounts'], ['tokens'], ['session']);
  return (
    <Dialog title={`Remove ${account.name}?`} onClose={onClose}>
      <div className="stack">
        <p>
          Their sessions end now, and the tokens that they made open nothing any more. What they did stays in the audit.
        </p>
        <Trouble error={remove.error} />
        <div className="actions">
          <button type="button" className="button" onClick={onClose}>
            Leave it
          </button>
          <button
            type="button"
            className="button danger"
            disabled={remove.isPending}
            onClick={() => remove.mutate(undefined, { onSuccess: onClose })}
          >
            Remove {account.name}
          </button>
        </div>
      </div>
    </Dialog>
  );
}

/** A hundred bits, in letters that nobody mistakes when they are read out. */
function madePassword(): string {
  const letters = '0123456789abcdefghjkmnpqrstvwxyz';
  const made = [...crypto.getRandomValues(new Uint8Array(20))].map((byte) => letters[byte % 32]).join('');
  return (made.match(/.{5}/g) ?? []).join('-');
}
