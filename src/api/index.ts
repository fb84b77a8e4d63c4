export { ApiError, createClient, type Client, type ClientOptions } from './client.ts';
export type { EventListener } from './client-events.ts';
export { Accounts, type AccountRow, type TokenRow } from './security/accounts.ts';
export { openApi, type ApiOptions } from './server.ts';
