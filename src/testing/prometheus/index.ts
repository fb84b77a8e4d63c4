export * from './alertmanager.ts';
export * from './remote-write.ts';
export * from './server.ts';
