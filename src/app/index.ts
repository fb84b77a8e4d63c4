export * from './environment.ts';
export * from './open.ts';
export * from './registry.ts';
export * from './version.ts';
