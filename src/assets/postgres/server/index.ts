export * from './new-cluster.ts';
export * from './programs.ts';
export * from './server.ts';
export * from './user.ts';
