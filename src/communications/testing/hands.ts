import { systemClock } from '../../core/index.ts';
import type { NotifierHands, Reachable } from '../notifier.ts';

export const people: Readonly<Record<string, Reachable>> = {
  duty: { name: 'Kim Duty', email: 'duty@shop.example', phone: '+49 (30) 000-0000' },
  lead: { email: 'lead@shop.example', phone: '+49 30 0000001' },
  dashes: { phone: '+49 30–1＃2' },
  nobody: {},
};

export const handsWith = (say: (line: string) => void = () => {}): NotifierHands => ({
  clock: systemClock,
  say,
  contact: (name) => people[name],
});
