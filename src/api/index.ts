export { auditKind } from './audit.ts';
export { ApiError, createClient, type Client, type ClientOptions } from './client.ts';
export { accountName, password, roles, type Role } from './contract/index.ts';
export type { EventListener } from './client-events.ts';
export { Accounts, type AccountRow, type TokenRow } from './security/accounts.ts';
export { openApi, type ApiOptions } from './server.ts';
