import { LifeboatError, limits } from '../../core/index.ts';

/** What a shell on the other side is told on its input. It needs no more than a POSIX shell, `grep`, `tr`, `date` and `sleep`. */

interface Work {
  readonly cwd?: string | undefined;
  readonly env: Readonly<Record<string, string>>;
  readonly mark: string;
}

/** Runs the program word for word, marked, and says behind `word` when it begins, and how it ended. */
export function workScript(argv: readonly string[], { cwd, env, mark }: Work, word: string): string {
  const says = (what: string): string => `printf '\\n%s %s\\n' ${word} ${what} >&2`;
  const settings = Object.entries({ ...env, LIFEBOAT_STEP: mark });
  return [
    says('began'),
    ...settings.map(([name, value]) => `export ${nameOf(name)}=${quoted(value)}`),
    ...(cwd === undefined ? [] : [`cd ${quoted(cwd)} || { ${says('126')}; exit 126; }`]),
    `${argv.map(quoted).join(' ')} </dev/null`,
    'code=$?',
    says('"$code"'),
    'exit "$code"',
    '',
  ].join('\n');
}

/** Ends what bears the mark, asked first and told after the grace, until nothing of it is left; a zombie has no environment any more. */
export const endScript = (mark: string, word: string): string => `printf '\\n%s began\\n' ${word} >&2
began=$(date +%s)
while :; do
  found=
  for one in /proc/[0-9]*; do
    tr '\\0' '\\n' <"$one/environ" 2>/dev/null | grep -qxF -- ${quoted(`LIFEBOAT_STEP=${mark}`)} && found="$found \${one#/proc/}"
  done 2>/dev/null
  [ -z "$found" ] && { printf '\\n%s 0\\n' ${word} >&2; exit 0; }
  waited=$(($(date +%s) - began))
  [ $waited -gt ${seconds(limits.processGraceMs + limits.processBuryMs)} ] && { printf '\\n%s 1\\n' ${word} >&2; exit 1; }
  if [ $waited -lt ${seconds(limits.processGraceMs)} ]; then kill -TERM $found; else kill -KILL $found; fi 2>/dev/null
  sleep 0.25 2>/dev/null || sleep 1
done
`;

const seconds = (ms: number): number => Math.ceil(ms / 1000);

/** A word for a shell, whatever is in it. */
export const quoted = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;

export function nameOf(name: string): string {
  if (/^[A-Za-z_]\w*$/.test(name)) return name;
  throw new LifeboatError('plan.invalid', `${JSON.stringify(name)} is no name of a setting of a program`);
}
