import type { Code } from '../document/document.ts';

const shells = new Set(['bash', 'sh', 'shell', 'zsh', 'console', 'shellsession', 'terminal']);
const program =
  /^\s*(?:\$\s+)?(?:sudo\s+)?(?:kubectl|psql|pg_\w+|aws|gcloud|az|terraform|helm|docker|systemctl|curl|gunzip|gzip|tar|restic|velero|createdb|ssh|rsync|cp|sqlite3|eksctl|\.\/[\w./-]+\.sh)\b/m;

/** Whether a block is shell: it says so, or it says nothing and calls programs. */
export const isShell = ({ language, text }: Code): boolean =>
  shells.has(language) || (language === '' && program.test(text));
