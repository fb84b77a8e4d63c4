import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { localCertificate } from '../src/communications/testing/mail-server.ts';
import { apiBase } from '../src/api/contract/index.ts';
import { limits } from '../src/core/index.ts';

const systemd = spawnSync('systemd-analyze', ['--version']).status === 0;
const why = systemd ? '' : ' (systemd is not installed)';
const unit = readFileSync('packaging/systemd/lifeboat.service', 'utf8');
const container = readFileSync('packaging/container/Containerfile', 'utf8');

describe('the systemd unit', () => {
  it.skipIf(!systemd)(`is one that systemd takes without a remark${why}`, () => {
    const folder = mkdtempSync(join(tmpdir(), 'lifeboat-unit-'));
    // The program need not be installed to judge the rest.
    writeFileSync(join(folder, 'lifeboat.service'), unit.replace('/usr/local/bin/lifeboat', '/bin/true'));
    const judged = spawnSync('systemd-analyze', ['verify', join(folder, 'lifeboat.service')], { encoding: 'utf8' });
    rmSync(folder, { recursive: true });
    expect(judged.stderr.split('\n').filter((line) => line.includes('lifeboat.service'))).toEqual([]);
  });

  it('waits longer for the end than the end may take, as the container does', () => {
    const mostMs = limits.serveStopMs + limits.serveLeaveMs;
    expect(Number(/TimeoutStopSec=(\d+)/.exec(unit)?.[1]) * 1000).toBeGreaterThan(mostMs);
    expect(Number(/--stop-timeout (\d+)/.exec(container)?.[1]) * 1000).toBeGreaterThan(mostMs);
  });
});

describe('the container file', () => {
  const copied = [...container.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, files]) => files?.split(' ') ?? []);

  it('copies what there is, and asks where metrics are told', () => {
    expect(copied.length).toBeGreaterThan(4);
    expect(copied.filter((file) => !existsSync(file))).toEqual([]);
    const [, port] = limits.servePlace.split(':');
    expect(container.match(new RegExp(`:${port}\\b`, 'g'))?.length).toBeGreaterThan(2);
    expect(readFileSync('packaging/container/healthy.mjs', 'utf8')).toContain(`'${limits.servePlace}'`);
  });

  it('is given what it copies and nothing else: no plan, key or state that lies in a checkout', () => {
    const [first, ...given] = readFileSync('.dockerignore', 'utf8')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'));
    expect(first).toBe('*');
    expect(given.map((line) => line.replace(/^!/, '')).toSorted()).toEqual(copied.toSorted());
  });
});

describe('what asks how a container is', () => {
  const exitCodeAt = (place: string): Promise<number | null> =>
    new Promise((resolve) => {
      spawn(process.execPath, ['packaging/container/healthy.mjs', place]).on('exit', resolve);
    });

  it('is told by its exit code, with TLS or without, and who does not answer is not well', async () => {
    for (const tls of [undefined, await localCertificate()]) {
      const answers = [200, 503, 404];
      const answer: RequestListener = (request, response) =>
        void response.writeHead(request.url === '/healthz' ? (answers.shift() ?? 500) : 500).end();
      const server = tls === undefined ? createServer(answer) : createSecureServer(tls, answer);
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const place = `127.0.0.1:${(server.address() as AddressInfo).port}`;
      expect([await exitCodeAt(place), await exitCodeAt(place), await exitCodeAt(place)]).toEqual([0, 1, 1]);
      await new Promise((resolve) => server.close(resolve));
      expect(await exitCodeAt(place)).toBe(1);
    }
  });
});

describe('the manifest for Kubernetes', () => {
  it('runs the user of the image, waits for its end, and asks for its health where it is told', () => {
    const [set, service] = parseAllDocuments(readFileSync('packaging/container/kubernetes.yaml', 'utf8')).map(
      (document) => document.toJS() as Record<string, never>,
    );
    const pod = (set as unknown as { spec: { template: { spec: Pod } } }).spec.template.spec;
    const [keeper] = pod.containers;
    expect(pod.terminationGracePeriodSeconds * 1000).toBeGreaterThan(limits.serveStopMs + limits.serveLeaveMs);
    expect(container).toContain(`USER ${pod.securityContext.runAsUser}:${pod.securityContext.runAsGroup}`);
    const port = Number(limits.servePlace.split(':')[1]);
    expect(keeper?.ports).toEqual([{ name: 'http', containerPort: port }]);
    // A full disk is not mended by another start, also when it is full at the first.
    for (const probe of [keeper?.startupProbe, keeper?.livenessProbe])
      expect(probe?.httpGet).toEqual({ path: '/livez', port: 'http' });
    // What makes it unwell must not hide its pages: this is answered to anybody as long as it answers at all.
    expect(keeper?.readinessProbe.httpGet).toEqual({ path: `${apiBase}/session`, port: 'http' });
    expect(service).toMatchObject({ spec: { ports: [{ port, targetPort: 'http' }] } });
    expect(keeper?.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
  });
});

interface Probe {
  readonly httpGet: unknown;
}

interface Pod {
  readonly terminationGracePeriodSeconds: number;
  readonly securityContext: { readonly runAsUser: number; readonly runAsGroup: number };
  readonly containers: readonly {
    readonly ports: unknown;
    readonly securityContext: unknown;
    readonly startupProbe: Probe;
    readonly readinessProbe: Probe;
    readonly livenessProbe: Probe;
  }[];
}
