import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../core/index.ts';
import { installSignals } from './signals.ts';

class Target extends EventEmitter {
  readonly pid = 7;
  readonly killed: [number, string, number][] = [];
  kill(pid: number, signal: string): void {
    this.killed.push([pid, signal, this.listenerCount(signal)]);
  }
}

describe('signals', () => {
  it('ask first and end the process the second time, by the signal itself', async () => {
    const [target, clock] = [new Target(), new ManualClock()];
    const signal = installSignals(target, clock);
    target.emit('SIGINT');
    expect(signal.reason).toMatchObject({ code: 'operation.cancelled', message: 'stopped by SIGINT' });
    expect(target.killed).toEqual([]);
    await clock.advance(1000);
    target.emit('SIGTERM');
    expect(target.killed).toEqual([[7, 'SIGTERM', 0]]);
  });

  it('take one press that arrives twice for one', async () => {
    const [target, clock] = [new Target(), new ManualClock()];
    installSignals(target, clock);
    target.emit('SIGINT');
    await clock.advance(20);
    target.emit('SIGINT');
    expect(target.killed).toEqual([]);
  });

  it('stop when the line to the terminal breaks, but not under nohup, and not what has a use of its own for that', () => {
    const ask = (outlives: boolean, own?: () => void): boolean => {
      const target = new Target();
      const signal = installSignals(target, new ManualClock(), outlives);
      if (own !== undefined) target.on('SIGHUP', own);
      target.emit('SIGHUP');
      return signal.aborted;
    };
    expect([ask(false), ask(true), ask(false, () => {})]).toEqual([true, false, false]);
  });

  it('a session that ends says so by both signals, the broken line first: that is one request, and the next one ends the process', async () => {
    const [target, clock] = [new Target(), new ManualClock()];
    await clock.advance(60_000);
    const signal = installSignals(target, clock);
    target.emit('SIGHUP');
    target.emit('SIGTERM');
    expect([signal.reason, target.killed]).toEqual([expect.objectContaining({ message: 'stopped by SIGHUP' }), []]);
    await clock.advance(1000);
    target.emit('SIGTERM');
    expect(target.killed).toEqual([[7, 'SIGTERM', 0]]);
  });
});
