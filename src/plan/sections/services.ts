import { z } from 'zod';
import { isMapping, type Inspection } from '../inspection.ts';
import type { EnvironmentDeclaration, ServiceDeclaration } from '../model.ts';
import { environment as environmentSchema, serviceFrame } from '../schema/sections.ts';
import { readChecks } from './checks.ts';
import { objectivesOf } from './header.ts';

export function readServices(inspection: Inspection): Map<string, ServiceDeclaration> {
  const services = new Map<string, ServiceDeclaration>();
  const schema = z.strictObject({ ...serviceFrame, health: z.unknown().optional() });
  for (const [name, written] of inspection.entries('services')) {
    const path = ['services', name];
    const health = isMapping(written) ? readChecks(inspection, written['health'], [...path, 'health']) : [];
    const read = inspection.read(schema, written, path);
    if (read === undefined) continue;
    const { rank, needs, objectives, pointers, health: _checks, ...rest } = read;
    services.set(name, {
      ...rest,
      name,
      rank,
      needs: needs ?? [],
      objectives: objectivesOf(objectives),
      pointers: pointers ?? {},
      health,
    });
  }
  return services;
}

/** The bubble that a drill acts in when the plan declares no environment of that name. */
export const plainBubble = 'bubble';

export function readEnvironments(inspection: Inspection): Map<string, EnvironmentDeclaration> {
  const environments = new Map<string, EnvironmentDeclaration>();
  for (const [name, written] of inspection.entries('environments')) {
    const read = inspection.read(environmentSchema, written, ['environments', name]);
    if (read === undefined) continue;
    const services = Object.entries(read.services ?? {}).map(
      ([service, { runs, at, pointers }]) =>
        [service, { runs, at, ...(pointers === undefined ? {} : { pointers }) }] as const,
    );
    const { protected: guarded, ephemeral, domain, services: _runs, ...rest } = read;
    environments.set(name, {
      ...rest,
      name,
      protected: guarded ?? false,
      ephemeral: ephemeral ?? false,
      domain,
      services: new Map(services),
    });
  }
  if (!inspection.names('environments').includes(plainBubble)) {
    const services: EnvironmentDeclaration['services'] = new Map();
    environments.set(plainBubble, {
      name: plainBubble,
      protected: false,
      ephemeral: true,
      domain: undefined,
      services,
    });
  }
  return environments;
}
