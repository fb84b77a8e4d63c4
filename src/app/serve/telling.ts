import { deliver } from '../../communications/index.ts';
import { isLifeboatError, limits } from '../../core/index.ts';
import type { Workspace } from '../../operations/index.ts';
import type { Plan } from '../../plan/index.ts';
import { alertRules, History, Ringing, type Alarm } from '../../schedule/index.ts';
import { outboxHands } from '../messages.ts';
import { caseOf, messageOfCase, nextOf, type AlarmCase } from './alarm-cases.ts';
import { keepersOf } from './keepers.ts';

/**
 * Tells people through the channels of the plan when an alarm begins, goes on and ends, by the rules that `lifeboat alerts` writes for Prometheus: absence
 * is an alarm also where none stands. What was told is in the journal, so that a `serve` that is started anew, here or elsewhere, does not tell it again.
 */
export class Telling {
  readonly #note: (words: string) => void;
  readonly #history = new History();
  readonly #cases = new Map<string, AlarmCase>();
  /** Since when nothing rings of an alarm that people were told of. */
  readonly #calm = new Map<string, number>();
  /** What the last `serve` wrote down and may not have handed over. */
  #unsure: AlarmCase[];
  #ringing: { readonly plan: Plan; readonly by: Ringing } | undefined;

  /** `note`: told of what it cannot judge. */
  constructor({ journal, clock, plan }: Workspace, note: (words: string) => void) {
    this.#note = note;
    for (const record of journal.records({ kinds: ['alarm.told'] }).toSorted((one, other) => one.atMs - other.atMs)) {
      const one = caseOf(record);
      this.#cases.set(one.alert, one);
    }
    this.#unsure = [...this.#cases.values()].filter(({ toldMs }) => clock.now() - toldMs < limits.messageKeepMs);
    for (const { data, atMs } of journal.records({ kinds: ['backup.finished'] })) {
      const [asset, store] = [String(data['asset']), String(data['store'])];
      const { policy = '' } = plan.assets.get(asset) ?? {};
      const labels = { plan: plan.name, asset, policy, store };
      this.#history.remember('lifeboat_backup_known_bytes', labels, atMs, Number(data['bytes'] ?? 0));
    }
  }

  /** One look. Throws `journal.*`, `disk.*`, and the signal's reason. */
  async round(workspace: Workspace, text: string | undefined, signal: AbortSignal): Promise<void> {
    const { clock, plan, journal } = workspace;
    if (text === undefined) return;
    const remindMs = plan.tool.alarms?.remindMs ?? limits.alarmRemindMs;
    const unsure = this.#unsure;
    this.#unsure = [];
    for (const one of unsure) await this.#tell(workspace, one, signal);
    const nowMs = clock.now();
    const alarms = this.#rules(workspace).judge(text, nowMs, this.#history, (alert) => this.#isOpen(alert));
    const byAlert = Map.groupBy(alarms, ({ alert }) => alert);
    for (const alert of new Set([...byAlert.keys(), ...this.#cases.keys()])) {
      const now: readonly Alarm[] = byAlert.get(alert) ?? [];
      if (now.length > 0) this.#calm.delete(alert);
      else if (!this.#calm.has(alert)) this.#calm.set(alert, nowMs);
      const next = nextOf(this.#cases.get(alert), now, { nowMs, calmMs: this.#calm.get(alert), remindMs });
      if (next === undefined) continue;
      const { toldMs: _, ...record } = next;
      const written = journal.append('alarm.told', record);
      this.#cases.set(alert, { ...next, toldMs: written.atMs });
      await this.#tell(workspace, caseOf(written), signal);
    }
  }

  #isOpen(alert: string): boolean {
    const open = this.#cases.get(alert);
    return open !== undefined && open.state !== 'ends';
  }

  #rules({ plan, clock }: Workspace): Ringing {
    if (this.#ringing?.plan === plan) return this.#ringing.by;
    const by = new Ringing(alertRules(plan, keepersOf(plan, clock)));
    this.#ringing = { plan, by };
    for (const alert of by.left)
      this.#note(
        `nobody is told here when ${alert} rings: its query says more than serve can judge, and needs a Prometheus (lifeboat alerts)`,
      );
    return by;
  }

  /** To each channel once, whoever began to: what nobody took waits in the outbox. */
  async #tell(workspace: Workspace, one: AlarmCase, signal: AbortSignal): Promise<void> {
    const { plan } = workspace;
    const severity = one.severity === 'critical' || one.severity === 'info' ? one.severity : 'warning';
    const id = `alarm/${one.alert}/${one.beganMs}`;
    const remindMs = plan.tool.alarms?.remindMs ?? limits.alarmRemindMs;
    for (const channel of channelsOf(plan, one)) {
      const message = {
        ...messageOfCase(one, plan.name, remindMs),
        matter: { id, state: one.state, severity } as const,
      };
      try {
        await deliver({ key: `${id}/${one.told}/${channel}`, channel, ...message }, outboxHands(workspace, signal));
      } catch (error) {
        // It waits in the outbox, is shown in the status, and is itself an alarm.
        if (!isLifeboatError(error, 'message.undelivered')) throw error;
      }
    }
  }
}

/**
 * Whom an alarm is told: those that it names itself, else those of `tool.alarms`, else those of the severities of the plan, the most urgent for what is critical,
 * else every channel that only stands in for none. What is for information is told nobody.
 */
export function channelsOf(
  plan: Plan,
  { severity, notify }: Pick<AlarmCase, 'severity' | 'notify'>,
): readonly string[] {
  if (notify.length > 0) return notify;
  if (severity === 'info') return [];
  const urgency = severity === 'critical' ? 'critical' : 'warning';
  if (plan.tool.alarms !== undefined) return plan.tool.alarms[urgency] ?? plan.tool.alarms.critical ?? [];
  const told = [...plan.severities.values()]
    .filter((one) => (one.notify ?? []).length > 0)
    .toSorted((one, other) => (one.respondMs ?? Infinity) - (other.respondMs ?? Infinity));
  const chosen = urgency === 'critical' ? told.at(0) : told.at(-1);
  if (chosen?.notify !== undefined) return chosen.notify;
  const standIns = new Set([...plan.channels.values()].map((channel) => channel.else));
  return [...plan.channels.keys()].filter((name) => !standIns.has(name));
}
