import { useEffect, useState, type FormEvent, type ReactNode } from 'react';
import type { SetUp, SignIn } from '../../../api/contract/index.ts';
import { api } from '../data/api.ts';
import { useChange } from '../data/queries.ts';
import icon from '../look/icon.svg';
import { NameField, PasswordField, TextField } from '../parts/fields.tsx';
import { Trouble } from '../parts/parts.tsx';

/** Sign-in, or the first account of all. */
export function Door({ setUp }: { readonly setUp: boolean }): ReactNode {
  useEffect(() => {
    document.title = setUp ? 'Set up · Lifeboat' : 'Sign in · Lifeboat';
  }, [setUp]);
  return (
    <main className="door">
      <p className="brand">
        <img src={icon} alt="" />
        Lifeboat
      </p>
      {setUp ? <FirstAccount /> : <SignInForm />}
    </main>
  );
}

function SignInForm(): ReactNode {
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const enter = useChange((body: SignIn) => api.session.signIn(body), ['session']);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    enter.mutate({ name, password }, { onError: () => setPassword('') });
  };
  return (
    <form onSubmit={submit} className="sheet">
      <h1>Sign in</h1>
      <NameField value={name} onChange={setName} autoFocus />
      <PasswordField value={password} onChange={setPassword} />
      <Trouble error={enter.error} />
      <button type="submit" className="button main" disabled={enter.isPending}>
        {enter.isPending ? 'Signing in …' : 'Sign in'}
      </button>
      <p className="small soft">
        No account? An admin makes one: <code>lifeboat accounts add NAME --role viewer</code>
      </p>
    </form>
  );
}

function FirstAccount(): ReactNode {
  const [code, setCode] = useState('');
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const [contact, setContact] = useState('');
  const make = useChange((body: SetUp) => api.session.setUp(body), ['session']);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    const whom = contact.trim() === '' ? {} : { contact: contact.trim() };
    make.mutate({ code: code.trim(), name, password, ...whom });
  };
  return (
    <form onSubmit={submit} className="sheet">
      <h1>Make the first account</h1>
      <p className="soft">It is an admin, and can make the others. Nobody can do this a second time.</p>
      <TextField
        label="Code"
        hint="lifeboat serve says it on its terminal; it works once."
        value={code}
        onChange={setCode}
        autoComplete="one-time-code"
        autoFocus
        required
      />
      <NameField value={name} onChange={setName} hint="Small letters, digits, dot, dash, underscore and @." />
      <PasswordField value={password} onChange={setPassword} isNew />
      <TextField
        label="Contact (may be left empty)"
        hint="Which of the plan's contacts you are: in that name you start, approve and decide."
        value={contact}
        onChange={setContact}
        autoComplete="off"
        autoCapitalize="none"
      />
      <Trouble error={make.error} />
      <button type="submit" className="button main" disabled={make.isPending}>
        {make.isPending ? 'Making it …' : 'Make the account'}
      </button>
    </form>
  );
}
