import { z } from 'zod';

/** What a step can need and make, beyond what the plan declares. */
export const thingKinds = [
  'namespace',
  'secret',
  'config',
  'database',
  'table',
  'file',
  'release',
  'cluster',
  'server',
  'replica',
  'volume',
  'record',
  'store',
  'image',
  'service',
  'role',
  'state',
] as const;

/** In and out: `namespace:shop`, `secret:app-secrets`, `file:dump.sql.gz`. */
export const thing = z
  .string()
  .regex(
    new RegExp(`^(${thingKinds.join('|')}):\\S.*$`),
    `it must be one of ${thingKinds.join(', ')}, a colon and a name`,
  )
  .meta({ description: 'namespace:shop, secret:app-secrets, database:orders_test, file:dump.sql.gz, …' });
