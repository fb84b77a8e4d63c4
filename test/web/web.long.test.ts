// The same walk, with every room before axe in every look.
export * from './web.test.ts';
