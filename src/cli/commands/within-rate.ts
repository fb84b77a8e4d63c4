import { LifeboatError, parseBytes, systemClock } from '../../core/index.ts';
import { limited, retrying } from '../../stores/index.ts';
import type { CommandContext } from '../command.ts';
import type { Input } from '../input.ts';

/** The context with `--limit-rate` around every store that is opened: outside the retries, whose patience is not for waiting. */
export function withinRate(context: CommandContext, input: Input): CommandContext {
  const text = input.text('limit-rate');
  if (text === undefined) return context;
  const bytesPerSecond = parseBytes(text);
  if (bytesPerSecond === 0) throw new LifeboatError('input.flag', '--limit-rate 0 would never end');
  const clock = systemClock;
  const wrap = context.wrapStore ?? ((store) => retrying(store, { clock }));
  return { ...context, wrapStore: (store) => limited(wrap(store), { clock, bytesPerSecond }) };
}
