export * from './address.ts';
export * from './answer.ts';
export * from './fill-fields.ts';
export * from './forbidden.ts';
export * from './headers.ts';
export * from './post.ts';
export * from './reachable.ts';
export * from './settings.ts';
