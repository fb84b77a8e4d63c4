export * from './fault-proxy.ts';
export * from './freezing-proxy.ts';
export * from './mock-s3.ts';
export * from './s3-server.ts';
