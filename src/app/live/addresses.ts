import { describeSource, isSecretSource, readText, type SecretSource } from '../../core/index.ts';
import type { CheckSpec, Place, Plan } from '../../plan/index.ts';
import { everyStep } from './steps.ts';
import type { Path } from './world.ts';

/** A host that the plan leans on, and where the plan says so. */
export interface Address {
  readonly host: string;
  /** Where a TLS handshake can be made; undefined: the name alone is asked. */
  readonly tlsPort: number | undefined;
  /** How it is called in a sentence: the host, or, where it stands in a secret, the source of that. */
  readonly shown: string;
  readonly at: Path | Place;
  /** `the channel ops` */
  readonly of: string;
}

interface Written {
  readonly text: string | SecretSource;
  readonly at: Path | Place;
  readonly of: string;
}

/**
 * Every address of the plan. What stands in a secret is read, and its host never shown. Sources that give nothing are left out: they
 * are findings of their own.
 */
export async function addressesOf(plan: Plan): Promise<Address[]> {
  const found = await Promise.all(writtenIn(plan).map(addressOf));
  return found.flatMap((address) => address ?? []);
}

async function addressOf({ text, at, of }: Written): Promise<Address | undefined> {
  const plain = typeof text === 'string';
  const value = plain ? text : await readText(text).catch(() => undefined); // said by `askSecrets`, with the reason
  const parsed = value === undefined ? undefined : hostOf(value);
  if (parsed === undefined) return undefined;
  const shown = plain ? parsed.host : `the host in ${describeSource(text)}`;
  return { ...parsed, shown, at, of };
}

/** Of `https://host:port/…`, `host:port` or `ssh://user@host`; undefined for a path, or a host that is known only in a run. */
export function hostOf(text: string): { host: string; tlsPort: number | undefined } | undefined {
  const url = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `tcp://${text}`;
  if (url.startsWith('tcp:///') || !URL.canParse(url)) return undefined;
  const { protocol, hostname, port } = new URL(url);
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  if (host === '' || /[${}%*]/.test(host)) return undefined;
  const usual = tlsPorts[protocol];
  return { host, tlsPort: usual === undefined ? undefined : Number(port || usual) };
}

/** Protocols that begin with the handshake; those that upgrade later (smtp, postgresql) show no certificate to a stranger. */
const tlsPorts: Readonly<Record<string, number>> = { 'https:': 443, 'wss:': 443, 'smtps:': 465, 'ldaps:': 636 };

function writtenIn(plan: Plan): Written[] {
  return [
    ...[...plan.services.values()].flatMap(({ name, health }) =>
      ofChecks(health, ['services', name, 'health'], `the health of ${name}`),
    ),
    ...[...plan.readiness].flatMap(([name, { checks }]) =>
      ofChecks(checks, ['readiness', name], `the readiness ${name}`),
    ),
    ...[...plan.scenarios.values()].flatMap(({ name, success = [], invariants = [] }) =>
      ofChecks([...success, ...invariants], ['scenarios', name], `the scenario ${name}`),
    ),
    ...everyStep(plan).flatMap(({ id, kind, settings, place, guard = [], verify = [] }) => [
      ...ofChecks([...guard, ...verify], place, `the step ${id}`),
      ...(kind === 'check' ? ofCheckStep(settings, place, `the step ${id}`) : []),
    ]),
    ...ofEnvironments(plan),
    ...[...plan.channels].flatMap(([name, { url }]) => one(url, ['channels', name], `the channel ${name}`)),
    ...[...plan.stores.values()].flatMap(({ name, settings }) =>
      one((settings as { endpoint?: unknown } | null)?.endpoint, ['stores', name], `the store ${name}`),
    ),
    ...[...plan.contacts].flatMap(([name, { external }]) =>
      one(external?.url, ['contacts', name], `the contact ${name}`),
    ),
    ...[...plan.documents].flatMap(([name, { url }]) => one(url, ['documents', name], `the document ${name}`)),
    ...one(plan.incidents.statusPage?.url, ['incidents', 'statusPage'], 'the status page'),
  ];
}

function one(text: unknown, at: Path | Place, of: string): Written[] {
  return typeof text === 'string' || isSecretSource(text) ? [{ text, at, of }] : [];
}

const ofChecks = (checks: readonly CheckSpec[], at: Path | Place, of: string): Written[] =>
  checks.flatMap(({ kind, settings }) => (kind === 'http' || kind === 'tcp' ? ofCheck(settings, at, of) : []));

const ofCheckStep = (settings: unknown, at: Path | Place, of: string): Written[] =>
  typeof settings === 'object' && settings !== null
    ? ['http', 'tcp'].flatMap((key) => ofCheck((settings as Record<string, unknown>)[key], at, of))
    : [];

/** `https://host/health`, `host:port`, or the same as a mapping. A path alone is relative to the service, which is asked itself. */
function ofCheck(settings: unknown, at: Path | Place, of: string): Written[] {
  if (typeof settings === 'string') return settings.startsWith('/') ? [] : one(settings, at, of);
  if (typeof settings !== 'object' || settings === null) return [];
  const { url, host } = settings as { url?: string; host?: string };
  return url?.startsWith('/') === true ? [] : one(url ?? host, at, of);
}

/** Of the lasting ones: those that are made for a run are not there yet. */
const ofEnvironments = (plan: Plan): Written[] =>
  [...plan.environments.values()]
    .filter(({ ephemeral }) => !ephemeral)
    .flatMap(({ name, services }) =>
      [...services].flatMap(([service, { at, runs }]) => {
        const path = ['environments', name, 'services', service];
        const host = typeof runs === 'object' && runs !== null && 'host' in runs ? runs.host : undefined;
        return [
          ...one(at, path, `the service ${service} in ${name}`),
          ...one(host, path, `the service ${service} in ${name}`),
        ];
      }),
    );
