import { useState, type FormEvent, type ReactNode } from 'react';
import { api } from '../../data/api.ts';
import { useChange, useMay, useSession } from '../../data/queries.ts';
import { dayAndTime } from '../../data/words.ts';
import { PasswordField } from '../../parts/fields.tsx';
import { Dialog, RoomHead, Sheet, Trouble } from '../../parts/parts.tsx';
import { Accounts } from './accounts.tsx';
import { Tokens } from './tokens.tsx';
import { may } from './roles.ts';
import './people.css';

/** Who you are here; and for admins who else has an account, and which programs have a token. */
export default function PeopleRoom(): ReactNode {
  const isAdmin = useMay('admin');
  return (
    <>
      <RoomHead title="Accounts" />
      <div className="stack">
        <You />
        {isAdmin ? <Accounts /> : null}
        {isAdmin ? <Tokens /> : null}
      </div>
    </>
  );
}

function You(): ReactNode {
  const { data: session } = useSession();
  const [changes, setChanges] = useState(false);
  const [changed, setChanged] = useState(false);
  if (session?.signedIn !== true) return null;
  const { me, expiresAt } = session;
  return (
    <Sheet
      title="You"
      aside={
        <button type="button" className="button" onClick={() => setChanges(true)}>
          Change your password …
        </button>
      }
    >
      <dl className="facts">
        <dt>Name</dt>
        <dd className="strong">{me.name}</dd>
        <dt>Role</dt>
        <dd>
          <span className="strong">{me.role}</span>: {may[me.role]}
        </dd>
        <dt>Speaks as</dt>
        <dd>
          {me.contact === null ? (
            'nobody of the plan: you start nothing in somebody’s name, and cannot consent'
          ) : (
            <>
              <span className="strong">{me.contact}</span> of the plan
            </>
          )}
        </dd>
        <dt>Signed in</dt>
        <dd>until {dayAndTime(expiresAt)}, sooner if nothing is asked for two hours</dd>
      </dl>
      {changed ? (
        <p className="good strong apart" role="status">
          The password is changed; whoever was signed in with the old one elsewhere is not any more.
        </p>
      ) : null}
      {changes ? (
        <OwnPassword
          onClose={(done) => {
            setChanges(false);
            setChanged(done);
          }}
        />
      ) : null}
    </Sheet>
  );
}

function OwnPassword({ onClose }: { readonly onClose: (done: boolean) => void }): ReactNode {
  const [password, setPassword] = useState('');
  const [next, setNext] = useState('');
  const change = useChange(() => api.session.changePassword({ password, next }), ['session']);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    change.mutate(undefined, { onSuccess: () => onClose(true), onError: () => setPassword('') });
  };
  return (
    <Dialog title="Change your password" onClose={() => onClose(false)}>
      <form onSubmit={submit} className="stack">
        <PasswordField label="The password now" value={password} onChange={setPassword} />
        <PasswordField label="The new one" value={next} onChange={setNext} isNew />
        <Trouble error={change.error} />
        <div className="actions">
          <button type="button" className="button" onClick={() => onClose(false)}>
            Leave it
          </button>
          <button type="submit" className="button main" disabled={change.isPending}>
            {change.isPending ? 'Changing it …' : 'Change it'}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
