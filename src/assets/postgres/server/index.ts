export * from './new-cluster.ts';
export * from './port.ts';
export * from './programs.ts';
export * from './server.ts';
export * from './user.ts';
