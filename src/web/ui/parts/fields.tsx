import type { InputHTMLAttributes, ReactNode } from 'react';
import { Field } from './parts.tsx';

interface Filled<T extends string = string> {
  readonly label: string;
  readonly hint?: ReactNode;
  readonly value: T;
  readonly onChange: (value: T) => void;
}
type OfInput = Omit<InputHTMLAttributes<HTMLInputElement>, 'value' | 'onChange' | 'id'>;

/** One line to fill in. */
export const TextField = ({ label, hint, value, onChange, ...rest }: Filled & OfInput): ReactNode => (
  <Field label={label} hint={hint}>
    {(given) => <input {...rest} {...given} value={value} onChange={(event) => onChange(event.target.value)} />}
  </Field>
);

/** Of an account: as the API takes it, whatever a phone makes of the first letter. */
export const NameField = ({
  onChange,
  ...rest
}: Omit<Filled, 'label'> & { readonly autoFocus?: boolean }): ReactNode => (
  <TextField
    {...rest}
    label="Name"
    onChange={(value) => onChange(value.trim().toLowerCase())}
    autoComplete="username"
    autoCapitalize="none"
    spellCheck={false}
    required
  />
);

/** `isNew`: a person makes it up here, and a keeper of passwords may offer one; `shown`: it was made here, and is to be read. */
export const PasswordField = ({
  label = 'Password',
  isNew = false,
  optional = false,
  shown = false,
  ...rest
}: Omit<Filled, 'label'> & {
  readonly label?: string;
  readonly isNew?: boolean;
  readonly optional?: boolean;
  readonly shown?: boolean;
}): ReactNode => (
  <TextField
    {...rest}
    label={label}
    hint={isNew ? (rest.hint ?? 'Twelve characters at least; a sentence is best.') : rest.hint}
    type={shown ? 'text' : 'password'}
    autoComplete={isNew ? 'new-password' : 'current-password'}
    spellCheck={false}
    autoCapitalize="none"
    required={!optional}
    {...(isNew ? { minLength: 12 } : {})}
  />
);

/** A word that has to be typed before something that cannot be taken back; `isTyped` says whether it was. */
export const TypedField = ({
  word,
  why,
  ...rest
}: Omit<Filled, 'label' | 'hint'> & { readonly word: string; readonly why?: string }): ReactNode => (
  <TextField
    {...rest}
    label={why === undefined ? `Type ${word}` : `Type ${word}: ${why}`}
    autoComplete="off"
    autoCapitalize="none"
    spellCheck={false}
  />
);

/** Why, in a person's words, for those who read it later. */
export const ReasonField = ({
  must = false,
  ...rest
}: Omit<Filled, 'label' | 'hint'> & { readonly must?: boolean }): ReactNode => (
  <TextField
    {...rest}
    label={must ? 'Why' : 'Why (for those who read it later)'}
    required={must}
    maxLength={2_000}
    autoComplete="off"
  />
);

/** One of several. */
export const ChoiceField = <T extends string>({
  label,
  hint,
  value,
  onChange,
  choices,
}: Filled<T> & { readonly choices: readonly { readonly value: T; readonly words: string }[] }): ReactNode => (
  <Field label={label} hint={hint}>
    {(given) => (
      <select {...given} value={value} onChange={(event) => onChange(event.target.value as T)}>
        {choices.map(({ value: one, words }) => (
          <option key={one} value={one}>
            {words}
          </option>
        ))}
      </select>
    )}
  </Field>
);
