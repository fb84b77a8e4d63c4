import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { callOf, readArguments } from './arguments.ts';
import { parseScript } from './parse.ts';

const statements = (text: string, line = 1) => parseScript(text, line).statements;

describe('shell text', () => {
  it('is cut into statements with the lines they stand on', () => {
    const text = '# 1. Stop\nkubectl scale deployment web \\\n  --replicas=0\n\n# 2. Look\npsql -c "select 1"\n';
    expect(statements(text, 40).map(({ line, endLine, commands }) => [line, endLine, commands[0]?.words])).toEqual([
      [41, 42, ['kubectl', 'scale', 'deployment', 'web', '--replicas=0']],
      [45, 45, ['psql', '-c', 'select 1']],
    ]);
    expect(parseScript(text, 40).comments).toEqual([
      { line: 40, text: '1. Stop' },
      { line: 44, text: '2. Look' },
    ]);
  });

  it('keeps pipes, redirections and what variables are set to', () => {
    const [, , piped] = statements('DIR="/backups"\nFILE="$DIR/a_$(date +%F).gz"\npg_dump shop | gzip > "$DIR/a.gz"\n');
    expect(piped?.commands).toMatchObject([
      { words: ['pg_dump', 'shop'], writes: [] },
      { words: ['gzip'], writes: ['/backups/a.gz'] },
    ]);
    expect(piped?.raw).toBe('pg_dump shop | gzip > "$DIR/a.gz"');
    expect(piped?.needsShell).toBe(true);
  });

  it('reads a placeholder as a word to fill in, and a redirection as one', () => {
    const [pod, load] = statements('kubectl delete pod <pod-name>\npsql shop < dump.sql\n');
    expect(pod?.commands[0]?.words).toEqual(['kubectl', 'delete', 'pod', '<pod-name>']);
    expect(pod?.needsShell).toBe(false);
    expect(load?.commands[0]).toMatchObject({ words: ['psql', 'shop'], reads: ['dump.sql'] });
  });

  it('keeps a here-document with its command, whatever stands in it', () => {
    const [apply, after] = statements('kubectl apply -f - <<EOF\nkind: Job\n# no comment\nrm -rf /\nEOF\necho done\n');
    expect(apply?.commands).toMatchObject([
      { words: ['kubectl', 'apply', '-f', '-'], heredoc: 'kind: Job\n# no comment\nrm -rf /\n' },
    ]);
    expect([apply?.line, apply?.endLine, after?.line]).toEqual([1, 5, 6]);
    expect(parseScript('cat <<EOF\n# inside\nEOF\n', 1).comments).toEqual([]);
  });

  it('keeps a loop as one line of work, with the commands inside it', () => {
    const [loop] = statements('for asset in a b; do\n  restore "$asset" && check "$asset"\ndone\n');
    expect(loop).toMatchObject({ line: 1, endLine: 3, needsShell: true });
    expect(loop?.commands.map(({ words }) => words[0])).toEqual(['restore', 'check']);
  });

  it('runs nothing: what a substitution would do stays text', () => {
    const [one] = statements('echo "$(touch /tmp/never)" `touch /tmp/never`\n');
    expect(one?.commands[0]?.words.join(' ')).toContain('touch /tmp/never');
  });

  it('never throws anything but a limit, on any text', () => {
    const piece = fc.constantFrom(
      '$(',
      ')',
      '`',
      '"',
      "'",
      '<<EOF\n',
      'EOF\n',
      '|',
      '&&',
      ';',
      '{',
      '}',
      'if',
      'fi',
      'do',
      '\\',
      '\n',
      '# ',
      'a ',
      '<x>',
      '${',
      '((',
    );
    fc.assert(
      fc.property(
        fc.array(fc.oneof(piece, fc.string({ unit: 'grapheme', maxLength: 6 })), { maxLength: 40 }),
        (pieces) => {
          const text = pieces.join('');
          const lines = text.split('\n').length;
          for (const { line, endLine } of statements(text)) {
            expect(line).toBeGreaterThanOrEqual(1);
            expect(endLine).toBeGreaterThanOrEqual(line);
            expect(endLine).toBeLessThanOrEqual(lines);
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  it('refuses what is nested beyond reading, in plain words', () => {
    expect(() => parseScript(`${'$('.repeat(50_000)}x`, 3)).not.toThrow(TypeError);
    expect(() => parseScript('('.repeat(200_000), 3)).not.toThrow(TypeError);
  });
});

describe('the arguments of a command', () => {
  it('are flags with values, switches, and the words between', () => {
    const given = readArguments(['scale', 'deploy/web', '-n', 'shop', '--replicas=0', '--watch', 'x'], ['--watch']);
    expect(given.words).toEqual(['scale', 'deploy/web', 'x']);
    expect(given.flag('-n', '--namespace')).toBe('shop');
    expect(given.flag('--replicas')).toBe('0');
    expect(given.has('--watch')).toBe(true);
  });

  it('end at a double dash', () => {
    expect(readArguments(['exec', 'pod', '--', 'cp', '-r', 'a', 'b']).words).toEqual([
      'exec',
      'pod',
      'cp',
      '-r',
      'a',
      'b',
    ]);
  });

  it('belong to the program that is really called', () => {
    expect(callOf(['sudo', '-u', 'postgres', '/usr/bin/pg_dump', 'shop'])).toEqual({
      program: 'pg_dump',
      words: ['shop'],
    });
    expect(callOf(['env', 'A=1', 'psql'])).toEqual({ program: 'psql', words: [] });
    expect(callOf([])).toEqual({ program: '', words: [] });
  });
});
