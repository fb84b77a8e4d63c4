import { z } from 'zod';
import { isMapping, type Inspection } from '../inspection.ts';
import type {
  Alert,
  Cluster,
  Command,
  DocumentDeclaration,
  Exercise,
  MaintenanceWindow,
  Plan,
  Readiness,
  Waiver,
} from '../model.ts';
import * as schema from '../schema/practice.ts';
import { readChecks } from './checks.ts';
import { readNamed, readOne } from './named.ts';

type Practice = Pick<
  Plan,
  'clusters' | 'documents' | 'readiness' | 'windows' | 'exercises' | 'alerts' | 'commands' | 'waivers'
>;

/** The ground that protection and procedures stand on, and what is practised and watched. */
export function readPractice(inspection: Inspection, timezone: string): Practice {
  return {
    clusters: readNamed<Cluster>(inspection, 'clusters', schema.cluster, timezone),
    documents: readNamed(inspection, 'documents', schema.documentFrame, timezone, documentOf),
    readiness: readReadiness(inspection, timezone),
    windows: readNamed<MaintenanceWindow>(inspection, 'windows', schema.window, timezone),
    exercises: readNamed<Exercise>(inspection, 'exercises', schema.exercise, timezone),
    alerts: readNamed<Alert>(inspection, 'alerts', schema.alert, timezone),
    commands: readNamed<Command>(inspection, 'commands', schema.command, timezone),
    waivers: readOne<Waiver[]>(inspection, 'waivers', z.array(schema.waiver), timezone) ?? [],
  };
}

type WrittenDocument = Omit<DocumentDeclaration, 'paths'> & { readonly path?: string | string[] };

const documentOf = ({ path, ...rest }: WrittenDocument): DocumentDeclaration => ({
  ...rest,
  paths: path === undefined ? [] : [path].flat(),
});

function readReadiness(inspection: Inspection, timezone: string): Map<string, Readiness> {
  const readiness = readNamed<Readiness>(inspection, 'readiness', schema.readiness, timezone);
  for (const [name, written] of inspection.entries('readiness')) {
    const found = readiness.get(name);
    if (found === undefined || !isMapping(written)) continue;
    const checks = readChecks(inspection, written['checks'], ['readiness', name, 'checks']);
    readiness.set(name, { ...found, checks });
  }
  return readiness;
}
