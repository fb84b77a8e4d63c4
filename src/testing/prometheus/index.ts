export * from './remote-write.ts';
export * from './server.ts';
