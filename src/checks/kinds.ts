import type { CheckKind } from './check.ts';
import { commandCheck } from './command/command.ts';
import { fileCheck } from './file/file.ts';
import { httpCheck } from './http/http.ts';
import { logsCheck } from './logs/logs.ts';
import { promqlCheck } from './promql/promql.ts';
import { sqlCheck } from './sql/sql.ts';
import { tcpCheck } from './tcp/tcp.ts';

/** Every kind of check: the one list of them. */
export const checkKinds: readonly CheckKind[] = [
  general(sqlCheck),
  general(httpCheck),
  general(tcpCheck),
  general(fileCheck),
  general(commandCheck),
  general(promqlCheck),
  general(logsCheck),
];

/** As those see a kind who do not know its settings: they parse them by its schema before they hand them over. */
function general<Settings>(kind: CheckKind<Settings>): CheckKind {
  return kind as unknown as CheckKind;
}
