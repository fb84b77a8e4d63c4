import { externalKind } from '../assets/external/index.ts';
import { filesForm, filesKind } from '../assets/files/index.ts';
import type { AssetKind } from '../assets/index.ts';
import { postgresChecks, postgresForm, postgresKind } from '../assets/postgres/index.ts';
import { sqliteForm, sqliteKind } from '../assets/sqlite/index.ts';
import { checkKinds } from '../checks/index.ts';
import { consoleNotifier } from '../communications/console/index.ts';
import type { NotifierKind } from '../communications/index.ts';
import { pagerdutyNotifier } from '../communications/pagerduty/index.ts';
import { slackNotifier } from '../communications/slack/index.ts';
import { smsNotifier } from '../communications/sms/index.ts';
import { smtpNotifier } from '../communications/smtp/index.ts';
import { ticketNotifier } from '../communications/ticket/index.ts';
import { webhookNotifier } from '../communications/webhook/index.ts';
import { stepKinds } from '../procedures/steps/index.ts';
import { fsStore } from '../stores/fs/index.ts';
import type { StoreKind } from '../stores/index.ts';
import { othersS3Bucket, s3Store } from '../stores/s3/index.ts';

const external = externalKind(
  [
    { form: postgresForm, kind: postgresKind },
    { form: sqliteForm, kind: sqliteKind },
    { form: filesForm, kind: filesKind },
  ],
  othersS3Bucket,
);

/** Every concrete driver of the product: the one place that names them. A new one is a line here. */
export const registry = {
  assets: [filesKind, sqliteKind, postgresKind, external] as readonly AssetKind[],
  stores: [fsStore, s3Store] as readonly StoreKind[],
  checks: [...checkKinds, ...postgresChecks],
  steps: stepKinds,
  channels: [
    consoleNotifier,
    webhookNotifier,
    slackNotifier,
    pagerdutyNotifier,
    smtpNotifier,
    smsNotifier,
    ticketNotifier,
  ] as unknown as readonly NotifierKind[],
} as const;

export type Registry = typeof registry;

/** The demo's own server: a PostgreSQL made with the programs that the asset uses. */
export { makeCluster, type RunningServer } from '../assets/postgres/index.ts';
