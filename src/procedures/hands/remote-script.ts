import { LifeboatError, limits } from '../../core/index.ts';

/** What a shell on the other side is told on its input. It needs no more than a POSIX shell, `grep`, `tr`, `date` and `sleep`. */

interface Work {
  readonly cwd?: string | undefined;
  readonly env: Readonly<Record<string, string>>;
  readonly mark: string;
}

/**
 * The shell says behind `word` that it listens, and in which session: before that is heard nothing else is told to it, so that nothing begins which
 * nobody hears of.
 */
export const openScript = (word: string): string => `${sessionFunction}${says(word, '"began $(session $$)"')}\n`;

/** Of a process, as everybody may read it; nothing where that is not to be had. */
const sessionFunction = `session() { read -r line <"/proc/$1/stat"; set -- \${line##*) }; echo "$4"; } 2>/dev/null
`;

/** Runs the program word for word, marked, and says behind `word` how it ended. */
export function workScript(argv: readonly string[], { cwd, env, mark }: Work, word: string): string {
  const settings = Object.entries({ ...env, LIFEBOAT_STEP: mark });
  return [
    ...settings.map(([name, value]) => `export ${nameOf(name)}=${quoted(value)}`),
    ...(cwd === undefined ? [] : [`cd ${quoted(cwd)} || { ${says(word, '126')}; exit 126; }`]),
    `${argv.map(quoted).join(' ')} </dev/null`,
    'code=$?',
    says(word, '"$code"'),
    'exit "$code"',
    '',
  ].join('\n');
}

const says = (word: string, what: string): string => `printf '\\n%s %s\\n' ${word} ${what} >&2`;

/**
 * Ends what bears the mark, asked first and told after the grace, until nothing of it is left; a zombie has no environment any more. What took another
 * user may hide whether it bears the mark: where such a one came in by a door, as a step does, and not from the first process in there, or is left of
 * the step's own `session`, it is not said to have ended.
 */
export const endScript = (mark: string, word: string, session = ''): string => `printf '\\n%s began\\n' ${word} >&2
${sessionFunction}began=$(date +%s)
climb() { at=$1; while [ "\${at:-1}" -gt 1 ]; do top=$at; at=$(grep ^PPid "/proc/$top/status" | tr -dc 0-9); done; } 2>/dev/null
climb $$
own=$top
while :; do
  found=
  hidden=
  for one in /proc/[0-9]*; do
    tr '\\0' '\\n' <"$one/environ" | grep -qxF -- ${quoted(`LIFEBOAT_STEP=${mark}`)} && found="$found \${one#/proc/}"
    true <"$one/environ" && continue
    grep -q ^VmSize "$one/status" || continue
    climb "\${one#/proc/}"
    [ "$at" = 0 ] && [ "$top" != "$own" ] && hidden="$hidden \${one#/proc/}"
    [ -n ${quoted(session)} ] && [ "$(session "\${one#/proc/}")" = ${quoted(session)} ] && hidden="$hidden \${one#/proc/}"
  done 2>/dev/null
  [ -z "$found$hidden" ] && { printf '\\n%s 0\\n' ${word} >&2; exit 0; }
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
