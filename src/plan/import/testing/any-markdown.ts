import * as fc from 'fast-check';
import { documentNamed } from './imported.ts';

export const documents = ['harbour', 'library', 'clinic', 'garage', 'secrets'].map(documentNamed);
const lines = documents.flatMap((text) => text.split('\n'));

/** Lines of real documents in any order, with anything between them. */
export const line = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...lines) },
  { weight: 1, arbitrary: fc.string({ unit: 'grapheme', maxLength: 30 }) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 20 }) },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      '# ',
      '## Recovery',
      '- **RTO**: ${x}',
      '| a | b |',
      '|---|---|',
      '```bash',
      '```',
      '> quote',
      '\t- tab',
      '1. a',
      '- [ ] box',
      'RPO: 5 years',
      '&a *a',
      '!!js/function x',
      '<b>',
      '\u0000',
      '\ud800',
      '\u2028',
      '${1 + 1}',
      '$${',
      '{{ x }}',
      '{% raw %}',
      '- __proto__: 1 hour',
      '### constructor',
      '- toString: daily',
      '`s3://`',
      'aws s3 cp s3:// s3://',
      'kubectl scale',
      'psql',
      'cp a.db',
      'restic backup',
      'helm install',
      'find . -mtime +99999 -delete',
      'postgres://u:p@h/d',
      'a@b.c',
      '**',
      '---',
      '===',
      '[x]: y',
    ),
  },
);
