/** The operations of a store that reach the place where it keeps its objects. */
export type StoreOperation = 'put' | 'get' | 'stat' | 'list' | 'remove';
