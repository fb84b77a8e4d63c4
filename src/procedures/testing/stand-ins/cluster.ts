import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { execInPod } from './pod-exec.ts';

type Json = Record<string, unknown>;

/** The API of a cluster, as far as kubectl asks it for deployments and settings; nothing runs in it. */
export interface StandInCluster {
  readonly url: string;
  /** By `namespace/resource/name`; nodes are in no namespace: `/nodes/name`. */
  readonly objects: Map<string, Json>;
  /** Methods and paths that changed something for good. */
  readonly changes: string[];
  close(): Promise<void>;
}

const kinds: Readonly<Record<string, { kind: string; group: string }>> = {
  deployments: { kind: 'Deployment', group: 'apps' },
  configmaps: { kind: 'ConfigMap', group: '' },
  pods: { kind: 'Pod', group: '' },
  nodes: { kind: 'Node', group: '' },
};

/** Workloads become ready at the second look, as in life a little later. */
export async function startStandInCluster(): Promise<StandInCluster> {
  const objects: StandInCluster['objects'] = new Map();
  const changes: string[] = [];
  const server = createServer(async (request, response) => {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    answer({ objects, changes }, request, Buffer.concat(pieces).toString('utf8'), response);
  });
  server.on('upgrade', (request, socket) => {
    const [, namespace, name] = /^\/api\/v1\/namespaces\/([^/]+)\/pods\/([^/]+)\/exec\?/.exec(request.url ?? '') ?? [];
    if (objects.has(`${namespace}/pods/${name}`)) execInPod(request, socket);
    else socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    objects,
    changes,
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

function answer(
  { objects, changes }: Pick<StandInCluster, 'objects' | 'changes'>,
  { method = 'GET', url = '/' }: IncomingMessage,
  body: string,
  response: ServerResponse,
): void {
  const { pathname, searchParams } = new URL(url, 'http://cluster');
  const give = (status: number, value: unknown): void =>
    void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
  const known = discovery(pathname);
  if (known !== undefined) return give(200, known);
  const found = /^\/(?:api|apis\/apps)\/v1(?:\/namespaces\/([^/]+))?\/([^/]+)(?:\/([^/]+))?$/.exec(pathname);
  if (found === null || kinds[found[2] as string] === undefined) return give(404, status(404, `no ${pathname}`));
  const [, namespace = '', resource = '', named] = found;
  if (named === undefined && method === 'GET')
    return give(200, listOf(objects, `${namespace}/${resource}/`, searchParams));
  const written = body === '' ? {} : (JSON.parse(body) as Json);
  const name = named ?? String((written['metadata'] as Json)['name']);
  const key = `${namespace}/${resource}/${name}`;
  const before = objects.get(key);
  if (method === 'GET')
    return before === undefined ? give(404, status(404, `${resource} "${name}" not found`)) : give(200, seen(before));
  const after = brought(before, method === 'POST' ? { ...written, kind: kinds[resource]?.kind } : written, namespace);
  if (searchParams.get('dryRun') !== 'All') {
    objects.set(key, after);
    changes.push(`${method} ${key}`);
  }
  give(method === 'POST' ? 201 : 200, after);
}

/** All of a kind in a namespace that bear one label. */
function listOf(objects: StandInCluster['objects'], prefix: string, asked: URLSearchParams): Json {
  const [label = '', value] = (asked.get('labelSelector') ?? '').split('=');
  const labelsOf = (one: Json): Json => ((one['metadata'] as Json)['labels'] ?? {}) as Json;
  const items = [...objects]
    .filter(([key, one]) => key.startsWith(prefix) && (label === '' || labelsOf(one)[label] === value))
    .map(([, one]) => one);
  return { kind: 'List', apiVersion: 'v1', metadata: {}, items };
}

function brought(before: Json | undefined, written: Json, namespace: string): Json {
  const merged = merge(before ?? { metadata: { namespace, uid: 'one', generation: 0 } }, written) as Json;
  const metadata = merged['metadata'] as Json;
  const isOther = JSON.stringify(before?.['spec']) !== JSON.stringify(merged['spec']);
  const generation = Number(metadata['generation'] ?? 0) + (isOther ? 1 : 0);
  const version = String(Number(metadata['resourceVersion'] ?? 0) + 1);
  return {
    ...merged,
    metadata: { ...metadata, generation, resourceVersion: version },
    looks: isOther ? 0 : merged['looks'],
  };
}

/** What a controller would have done meanwhile. */
function seen(object: Json): Json {
  if (object['kind'] !== 'Deployment') return object;
  object['looks'] = Number(object['looks'] ?? 0) + 1;
  const wanted = Number((object['spec'] as Json)['replicas'] ?? 1);
  const ready = Number(object['looks']) > 1 ? wanted : 0;
  const { generation } = object['metadata'] as Json;
  object['status'] = {
    observedGeneration: generation,
    replicas: wanted,
    updatedReplicas: wanted,
    readyReplicas: ready,
    availableReplicas: ready,
  };
  const { looks: _, ...shown } = object;
  return shown;
}

/** As a merge patch: enough for settings without lists of their own. */
function merge(into: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const base = typeof into === 'object' && into !== null && !Array.isArray(into) ? { ...(into as Json) } : {};
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete base[name];
    else base[name] = merge(base[name], value);
  }
  return base;
}

const status = (code: number, message: string): Json => ({
  kind: 'Status',
  apiVersion: 'v1',
  status: 'Failure',
  message,
  reason: code === 404 ? 'NotFound' : 'Invalid',
  code,
});

/** What there is, for kubectl to find its way; undefined: another question. */
function discovery(path: string): Json | undefined {
  const version = { groupVersion: 'apps/v1', version: 'v1' };
  if (path === '/api') return { kind: 'APIVersions', versions: ['v1'] };
  if (path === '/apis')
    return {
      kind: 'APIGroupList',
      apiVersion: 'v1',
      groups: [{ name: 'apps', versions: [version], preferredVersion: version }],
    };
  if (path === '/api/v1' || path === '/apis/apps/v1') {
    const group = path === '/api/v1' ? '' : 'apps';
    const resources = Object.entries(kinds).flatMap(([name, one]) =>
      one.group === group
        ? [
            {
              name,
              singularName: '',
              namespaced: name !== 'nodes',
              kind: one.kind,
              verbs: ['create', 'get', 'list', 'patch', 'update'],
            },
          ]
        : [],
    );
    return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion: group === '' ? 'v1' : 'apps/v1', resources };
  }
  if (path === '/openapi/v3')
    return {
      paths: {
        'api/v1': { serverRelativeURL: '/openapi/v3/api/v1' },
        'apis/apps/v1': { serverRelativeURL: '/openapi/v3/apis/apps/v1' },
      },
    };
  if (path === '/openapi/v3/api/v1' || path === '/openapi/v3/apis/apps/v1')
    return openApi(path.includes('apps') ? 'apps' : '');
  return undefined;
}

/** Says that the server judges fields itself. */
function openApi(group: string): Json {
  const prefix = group === '' ? '/api/v1' : `/apis/${group}/v1`;
  const paths = Object.entries(kinds).flatMap(([resource, one]) => {
    if (one.group !== group) return [];
    const parameters = ['dryRun', 'fieldValidation'].map((name) => ({ name, in: 'query', schema: { type: 'string' } }));
    const patch = {
      'x-kubernetes-action': 'patch',
      'x-kubernetes-group-version-kind': { group, kind: one.kind, version: 'v1' },
      parameters,
      responses: {},
    };
    return [[`${prefix}/namespaces/{namespace}/${resource}/{name}`, { patch }] as const];
  });
  return {
    openapi: '3.0.0',
    info: { title: 'cluster', version: 'v1' },
    paths: Object.fromEntries(paths),
    components: { schemas: {} },
  };
}
