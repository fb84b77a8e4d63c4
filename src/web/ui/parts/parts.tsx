import { useEffect, useId, useRef, type ReactNode } from 'react';
import type { Problem } from '../../../api/contract/index.ts';
import { ApiError } from '../data/api.ts';

/** A sheet with its heading. */
export function Sheet({
  title,
  aside,
  children,
  className = '',
}: {
  readonly title: string;
  readonly aside?: ReactNode;
  readonly children: ReactNode;
  readonly className?: string;
}): ReactNode {
  const id = useId();
  return (
    <section className={`sheet ${className}`} aria-labelledby={id}>
      <header>
        <h2 id={id}>{title}</h2>
        {aside}
      </header>
      {children}
    </section>
  );
}

/** The heading of a room: it is read out when people come, and the title of the window. */
export function RoomHead({ title, children }: { readonly title: string; readonly children?: ReactNode }): ReactNode {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} · Lifeboat`;
    // Only who came here by a key or a link of ours; on the first page the browser has its own beginning.
    if (document.activeElement !== null && document.activeElement !== document.body) heading.current?.focus();
  }, [title]);
  return (
    <header>
      <h1 ref={heading} tabIndex={-1}>
        {title}
      </h1>
      {children}
    </header>
  );
}

/** What went wrong, and what to do. */
export function Trouble({
  error,
  retry,
}: {
  readonly error: ApiError | Problem | null;
  readonly retry?: () => void;
}): ReactNode {
  if (error === null) return null;
  const { message, where, hint, code } = error instanceof ApiError ? error.problem : error;
  return (
    <div className="trouble" role="alert">
      <p className="strong">{message}</p>
      {where === undefined ? null : <p className="small">{where}</p>}
      {hint === undefined ? null : <p>{hint}</p>}
      <p className="small">
        <code>{code}</code>
      </p>
      {retry === undefined ? null : (
        <button type="button" className="button" onClick={retry}>
          Try again
        </button>
      )}
    </div>
  );
}

/** What is shown of a question before its first answer. */
export function Waiting({
  answer,
  what,
}: {
  readonly answer: { readonly error: ApiError | null; readonly isFetching: boolean; readonly refetch: () => unknown };
  readonly what: string;
}): ReactNode {
  if (answer.error !== null && !answer.isFetching)
    return <Trouble error={answer.error} retry={() => void answer.refetch()} />;
  return <p className="soft pulse">Asking for {what} …</p>;
}

/** A question over the page; Escape closes it, and whoever opened it has the focus again. */
export function Dialog({
  title,
  onClose,
  children,
}: {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ReactNode;
}): ReactNode {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const shown = dialog.current;
    shown?.showModal();
    return () => shown?.close();
  }, []);
  return (
    <dialog ref={dialog} aria-labelledby={id} onClose={() => (dialog.current?.open === true ? undefined : onClose())}>
      <h2 id={id}>{title}</h2>
      {children}
    </dialog>
  );
}

/** A field with its label, and what is to be known of it. */
export function Field({
  label,
  hint,
  children,
}: {
  readonly label: string;
  readonly hint?: ReactNode;
  readonly children: (properties: { readonly id: string; readonly 'aria-describedby'?: string }) => ReactNode;
}): ReactNode {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {children({ id, ...(hint === undefined ? {} : { 'aria-describedby': `${id}-hint` }) })}
      {hint === undefined ? null : (
        <span className="hint" id={`${id}-hint`}>
          {hint}
        </span>
      )}
    </div>
  );
}

const tones = {
  good: ['pass', 'done', 'ok', 'good', 'proven', 'verified', 'proved', 'now', 'finished'],
  bad: ['fail', 'failed', 'breached', 'damaged', 'error', 'aborted', 'red', 'revoked', 'nobody'],
  warn: ['needs-human', 'paused', 'unknown', 'warning', 'retry', 'interrupted', 'predicted', 'expired', 'unfinished'],
} as const;

export const toneOf = (word: string): 'good' | 'bad' | 'warn' | 'soft' =>
  (['good', 'bad', 'warn'] as const).find((tone) => (tones[tone] as readonly string[]).includes(word)) ?? 'soft';

const marks = { good: '✓', bad: '✗', warn: '!', soft: '' } as const;

/** A word with a mark and a colour: neither says it alone. */
export function Word({ of, say = of }: { readonly of: string; readonly say?: string }): ReactNode {
  const tone = toneOf(of);
  return (
    <span className={`word ${tone}`}>
      {marks[tone] === '' ? null : <span aria-hidden="true">{marks[tone]} </span>}
      {say}
    </span>
  );
}

/** A number that is read from afar, what it is, and what it is held against. */
export const Figure = ({
  label,
  value,
  note,
  tone = '',
}: {
  readonly label: string;
  readonly value: string;
  readonly note?: string;
  readonly tone?: string;
}): ReactNode => (
  <div className="figure">
    <p className="label">{label}</p>
    <p className={`value ${tone}`}>{value}</p>
    {note === undefined || note === '' ? null : <p className="note">{note}</p>}
  </div>
);
