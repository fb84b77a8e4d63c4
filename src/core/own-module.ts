/**
 * The URL of a module of ours that is loaded by name, in another thread for one: `./worker` beside `base` (an `import.meta.url`).
 * Sources run as they are, built files as JavaScript: it has the ending of the module that asks.
 */
export const ownModule = (name: string, base: string): URL =>
  new URL(`${name}${base.endsWith('.ts') ? '.ts' : '.js'}`, base);
