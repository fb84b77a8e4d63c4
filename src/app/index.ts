export * from './environment.ts';
export * from './live/index.ts';
export * from './open.ts';
export * from './recover.ts';
export * from './registry.ts';
export * from './tools.ts';
export * from './version.ts';
export * from './report.ts';
