import { apiBase } from './contract/index.ts';
import type { Desk } from './desk.ts';

/** `GET openapi.json`: whoever asks may know what can be asked. */
export function openApiDocument({ app, host }: Desk): void {
  app.openAPIRegistry.registerComponent('securitySchemes', 'session', {
    type: 'apiKey',
    in: 'cookie',
    name: 'lifeboat-<port>',
    description: 'Of a browser; every change sends `csrf` of the session in `Lifeboat-CSRF`.',
  });
  app.openAPIRegistry.registerComponent('securitySchemes', 'token', {
    type: 'http',
    scheme: 'bearer',
    description: '`lifeboat tokens create`',
  });
  app.doc31('/openapi.json', {
    openapi: '3.1.0',
    info: {
      title: 'Lifeboat',
      version: '1',
      description: `What \`lifeboat serve\` can be asked; this is ${host.tool}. Moments are ISO 8601 in UTC, or null for never; spans are seconds, or null where nobody knows.`,
    },
    servers: [{ url: apiBase }],
  });
}
