import { LifeboatError } from '../../core/index.ts';
import { askLine } from './exchange.ts';

export interface ProxiedServer {
  readonly name: string;
  /** 0 to 256; 0 gets nothing new. */
  readonly weight: number;
  /** What people set: `ready`, `drain` (nothing new), `maint` (nothing at all). */
  readonly state: 'ready' | 'drain' | 'maint';
}

/** The runtime interface of an HAProxy: its admin socket. Throws `target.unreachable`, `target.refused`. */
export class Proxy {
  readonly #socket: string;
  readonly #signal: AbortSignal;

  constructor(socket: string, signal: AbortSignal) {
    this.#socket = socket;
    this.#signal = signal;
  }

  /** The servers of a backend, in the order of its configuration. */
  async servers(backend: string): Promise<ProxiedServer[]> {
    const answer = await askLine(this.#socket, `show servers state ${nameOf(backend)}`, this.#signal);
    const lines = answer.split('\n').filter((line) => line !== '');
    const columns = lines
      .find((line) => line.startsWith('# '))
      ?.slice(2)
      .split(' ');
    if (columns === undefined) throw this.#refused(answer);
    const value = (line: string, column: string): string => line.split(' ')[columns.indexOf(column)] ?? '';
    return lines
      .filter((line) => /^\d+ /.test(line))
      .map((line) => ({
        name: value(line, 'srv_name'),
        weight: Number(value(line, 'srv_uweight')),
        state: stateOf(Number(value(line, 'srv_admin_state'))),
      }));
  }

  /** Connections that a server has now. */
  async connections(backend: string, server: string): Promise<number> {
    const answer = await askLine(this.#socket, 'show stat', this.#signal);
    const [head = '', ...lines] = answer.split('\n');
    const columns = head.replace(/^# /, '').split(',');
    const own = lines.map((line) => line.split(',')).find(([be, sv]) => be === backend && sv === server);
    if (own === undefined) throw this.#refused(`there is no server ${backend}/${server}`);
    return Number(own[columns.indexOf('scur')]);
  }

  async setWeight(backend: string, server: string, weight: number): Promise<void> {
    await this.#say(`set weight ${nameOf(backend)}/${nameOf(server)} ${weight}`);
  }

  async setState(backend: string, server: string, state: ProxiedServer['state']): Promise<void> {
    await this.#say(`set server ${nameOf(backend)}/${nameOf(server)} state ${state}`);
  }

  /** Cuts what is connected: somebody who was let in before could go on writing. */
  async cut(backend: string, server: string): Promise<void> {
    await this.#say(`shutdown sessions server ${nameOf(backend)}/${nameOf(server)}`);
  }

  /** It says nothing when it has done what it was told. */
  async #say(line: string): Promise<void> {
    const answer = await askSilently(this.#socket, line, this.#signal);
    if (answer !== '') throw this.#refused(answer);
  }

  #refused(answer: string): LifeboatError {
    const said = answer.split('\n')[0] ?? '';
    return new LifeboatError('target.refused', `the proxy behind ${this.#socket} did not do it: ${said}`, {
      hint: 'Does its configuration have this backend and server, and does the socket have `level admin`?',
    });
  }
}

const askSilently = (socket: string, line: string, signal: AbortSignal): Promise<string> =>
  askLine(socket, line, signal);

/** A name in a command line of the proxy: `;` would begin another command. */
function nameOf(text: string): string {
  if (/^[A-Za-z0-9_.:-]+$/.test(text)) return text;
  throw new LifeboatError('plan.invalid', `${JSON.stringify(text)} is no name of a backend or server`);
}

/** Bits of the administrative state: 1 forced maintenance, 8 forced drain (and what they inherit). */
function stateOf(bits: number): ProxiedServer['state'] {
  if ((bits & (0x01 | 0x02 | 0x04 | 0x20)) !== 0) return 'maint';
  return (bits & (0x08 | 0x10)) === 0 ? 'ready' : 'drain';
}
