import { z } from 'zod';

const namespace = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 'A namespace has small letters, digits and dashes.');

const into = z
  .strictObject({
    namespaces: z
      .record(namespace, namespace)
      .refine((map) => Object.keys(map).length > 0, 'Name at least one namespace.')
      .refine(
        (map) => Object.entries(map).every(([from, to]) => from !== to && !(to in map)),
        'A restore goes beside what it is a copy of: give each namespace a new name.',
      )
      .describe(
        'Which namespaces of the backup come back, each under a new name that does not exist: { shop: shop-restored }.',
      ),
    kubeconfig: z
      .string()
      .startsWith('/')
      .optional()
      .describe('Of the cluster that is restored into; velero’s own default unless stated.'),
    context: z.string().min(1).optional().describe('Which context of it.'),
    server: namespace.optional().describe('The namespace that Velero runs in; velero unless stated.'),
  })
  .describe(
    'Restore into a cluster through the velero program; without it a restore gives the objects of the backup as files.',
  );

export const veleroShape = {
  schedule: z.string().min(1).optional().describe('Only backups of this schedule of Velero.'),
  volumes: z
    .enum(['all', 'some'])
    .optional()
    .describe(
      'Whether each persistent volume of a backup must have its data in it (all, the default), or some are left out on purpose.',
    ),
  into: into.optional(),
};

export interface VeleroSettings {
  readonly schedule?: string | undefined;
  readonly volumes?: 'all' | 'some' | undefined;
  readonly into?: VeleroInto | undefined;
}

export interface VeleroInto {
  readonly namespaces: Readonly<Record<string, string>>;
  readonly kubeconfig?: string | undefined;
  readonly context?: string | undefined;
  readonly server?: string | undefined;
}
