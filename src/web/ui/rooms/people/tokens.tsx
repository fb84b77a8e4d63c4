import { useRef, useState, type FormEvent, type ReactNode } from 'react';
import type { MadeToken, Token } from '../../../../api/contract/index.ts';
import type { Role } from '../../../../api/contract/words.ts';
import { api } from '../../data/api.ts';
import { useNow } from '../../data/clock.ts';
import { useChange, useTokens } from '../../data/queries.ts';
import { ago, count, dayAndTime, until } from '../../data/words.ts';
import { ChoiceField, TextField } from '../../parts/fields.tsx';
import { Dialog, Sheet, Trouble, Waiting, Word } from '../../parts/parts.tsx';
import { roleChoices } from './roles.ts';

/** By which programs ask: what each may, until when, and when it last did. */
export function Tokens(): ReactNode {
  const answer = useTokens();
  const [making, setMaking] = useState(false);
  const [made, setMade] = useState<MadeToken>();
  const [revoking, setRevoking] = useState<Token>();
  const { data } = answer;
  const good = data?.tokens.filter(({ state }) => state === 'good') ?? [];
  return (
    <Sheet
      title={data === undefined ? 'Tokens' : `${count(good.length, 'token')} of programs`}
      aside={
        <button type="button" className="button" onClick={() => setMaking(true)}>
          Make a token …
        </button>
      }
    >
      <div className="stack">
        {made === undefined ? null : <ShownOnce made={made} onDone={() => setMade(undefined)} />}
        {data === undefined ? (
          <Waiting answer={answer} what="the tokens" />
        ) : data.tokens.length === 0 ? (
          <p className="empty">No program has a token.</p>
        ) : (
          <TokenTable tokens={data.tokens} onRevoke={setRevoking} />
        )}
      </div>
      {making ? (
        <TokenForm
          onClose={(token) => {
            setMaking(false);
            if (token !== undefined) setMade(token);
          }}
        />
      ) : null}
      {revoking === undefined ? null : <Revocation token={revoking} onClose={() => setRevoking(undefined)} />}
    </Sheet>
  );
}

function TokenTable({
  tokens,
  onRevoke,
}: {
  readonly tokens: readonly Token[];
  readonly onRevoke: (token: Token) => void;
}): ReactNode {
  const now = useNow(10_000);
  const words = { good: 'good', expired: 'expired', revoked: 'revoked' };
  return (
    <table className="cards">
      <thead>
        <tr>
          <th>What it is for</th>
          <th>Role</th>
          <th>State</th>
          <th>Good until</th>
          <th>Last used</th>
          <th>Made</th>
          <th>
            <span className="hidden">What to do</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {tokens.map((token) => (
          <tr key={token.id} className={token.state === 'good' ? '' : 'soft'}>
            <th scope="row">
              {token.name} <span className="small soft">#{token.id}</span>
            </th>
            <td data-label="Role">{token.role}</td>
            <td data-label="State">
              <Word of={token.state === 'revoked' ? 'skipped' : token.state} say={words[token.state]} />
            </td>
            <td data-label="Good until" className="nowrap">
              {dayAndTime(token.expiresAt)}
              {token.state === 'good' ? <span className="small soft"> {until(token.expiresAt, now)}</span> : null}
            </td>
            <td data-label="Last used" className="nowrap">
              {ago(token.usedAt === null ? null : Math.max(0, (now - Date.parse(token.usedAt)) / 1000))}
            </td>
            <td data-label="Made" className="nowrap">
              {dayAndTime(token.createdAt)} <span className="small soft">by {token.by}</span>
            </td>
            <td className="does">
              {token.state === 'good' ? (
                <button
                  type="button"
                  className="button plain"
                  aria-label={`Revoke ${token.name}`}
                  onClick={() => onRevoke(token)}
                >
                  Revoke
                </button>
              ) : null}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

const dayChoices = [
  { value: '1', words: 'a day' },
  { value: '7', words: 'a week' },
  { value: '30', words: '30 days' },
  { value: '90', words: '90 days' },
  { value: '366', words: 'a year' },
] as const;
type Days = (typeof dayChoices)[number]['value'];

function TokenForm({ onClose }: { readonly onClose: (made?: MadeToken) => void }): ReactNode {
  const [name, setName] = useState('');
  const [role, setRole] = useState<Role>('viewer');
  const [days, setDays] = useState<Days>('90');
  const make = useChange(() => api.tokens.create({ name: name.trim(), role, days: Number(days) }), ['tokens']);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    make.mutate(undefined, { onSuccess: onClose });
  };
  return (
    <Dialog title="Make a token" onClose={() => onClose()}>
      <form onSubmit={submit} className="stack">
        <TextField
          label="What it is for"
          value={name}
          onChange={setName}
          maxLength={100}
          autoComplete="off"
          autoFocus
          required
        />
        <ChoiceField
          label="Role"
          hint="As little as will do. A token is nobody: it consents to nothing."
          value={role}
          onChange={setRole}
          choices={roleChoices}
        />
        <ChoiceField label="Good for" value={days} onChange={setDays} choices={dayChoices} />
        <Trouble error={make.error} />
        <div className="actions">
          <button type="button" className="button" onClick={() => onClose()}>
            Leave it
          </button>
          <button type="submit" className="button main" disabled={make.isPending}>
            Make it
          </button>
        </div>
      </form>
    </Dialog>
  );
}

/** Stands there until somebody says that they have it: no key that is pressed by chance takes it away. */
function ShownOnce({ made, onDone }: { readonly made: MadeToken; readonly onDone: () => void }): ReactNode {
  const field = useRef<HTMLInputElement>(null);
  const [copied, setCopied] = useState(false);
  const copy = async (): Promise<void> => {
    field.current?.select();
    // Without TLS on another machine the browser has no clipboard for us: it is selected, and a key copies it.
    await navigator.clipboard?.writeText(made.token).then(
      () => setCopied(true),
      () => {},
    );
  };
  return (
    <div className="once" role="group" aria-label={`The token ${made.name}`}>
      <p className="strong">
        {made.name}, {made.role}, until {dayAndTime(made.expiresAt)}: shown this once
      </p>
      <div className="row">
        <input
          ref={field}
          className="input token-text"
          aria-label={`Token ${made.name}`}
          readOnly
          value={made.token}
          onFocus={({ target }) => target.select()}
        />
        <button type="button" className="button main" onClick={() => void copy()}>
          {copied ? 'Copied' : 'Copy'}
        </button>
        <button type="button" className="button" onClick={onDone}>
          I have kept it
        </button>
      </div>
      <p className="small soft">
        <code>Authorization: Bearer …</code> with every question. Here it is kept as a hash: whoever loses it makes
        another.
      </p>
    </div>
  );
}

function Revocation({ token, onClose }: { readonly token: Token; readonly onClose: () => void }): ReactNode {
  const revoke = useChange(() => api.tokens.revoke(token.id), ['tokens']);
  return (
    <Dialog title={`Revoke ${token.name}?`} onClose={onClose}>
      <div className="stack">
        <p>
          Whatever asks with it is refused from now on.
          {token.usedAt === null ? ' It was never used.' : ` It was last used ${dayAndTime(token.usedAt)}.`}
        </p>
        <Trouble error={revoke.error} />
        <div className="actions">
          <button type="button" className="button" onClick={onClose}>
            Leave it
          </button>
          <button
            type="button"
            className="button danger"
            disabled={revoke.isPending}
            onClick={() => revoke.mutate(undefined, { onSuccess: onClose })}
          >
            Revoke it
          </button>
        </div>
      </div>
    </Dialog>
  );
}
