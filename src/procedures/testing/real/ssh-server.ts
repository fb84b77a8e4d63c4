import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { freePort, mustSucceed, startService, systemClock } from '../../../core/index.ts';

const program = '/usr/sbin/sshd';

/** Why there is no SSH server for a test here; undefined when there is one. */
export const noSsh = existsSync(program) ? undefined : 'the OpenSSH server is not installed';

export interface TestSshServer {
  readonly to: string;
  /** The file with the key that may log in. */
  readonly keyFile: string;
  readonly hostKey: string;
  stop(): Promise<void>;
}

/** An OpenSSH server on loopback that lets this user in by one key. */
export async function startTestSshServer(folder: string): Promise<TestSshServer> {
  for (const name of ['host', 'login'])
    await mustSucceed(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', join(folder, name)]);
  const port = await freePort();
  if (process.getuid?.() === 0) await mkdir('/run/sshd', { recursive: true, mode: 0o755 });
  const settings = [
    `Port ${port}`,
    'ListenAddress 127.0.0.1',
    `HostKey ${join(folder, 'host')}`,
    `AuthorizedKeysFile ${join(folder, 'login.pub')}`,
    'StrictModes no',
    'UsePAM no',
    'PasswordAuthentication no',
    'PermitRootLogin prohibit-password',
    `PidFile ${join(folder, 'sshd.pid')}`,
    '',
  ];
  await writeFile(join(folder, 'sshd_config'), settings.join('\n'));
  const service = await startService([program, '-D', '-e', '-f', join(folder, 'sshd_config')]);
  for (let tries = 0; !(await answers(port)); tries += 1) {
    if (tries > 200) throw new Error(`sshd did not start: ${service.tail()}`);
    await systemClock.sleep(25);
  }
  return {
    to: `ssh://${userInfo().username}@127.0.0.1:${port}`,
    keyFile: join(folder, 'login'),
    hostKey: (await readFile(join(folder, 'host.pub'), 'utf8')).trim(),
    stop: () => service.stop('SIGTERM'),
  };
}

const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('data', () => resolve(socket.destroy() !== undefined));
    socket.once('error', () => resolve(false));
  });
