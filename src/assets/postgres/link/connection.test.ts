import { describe, expect, it } from 'vitest';
import { serverError } from './connection.ts';

describe('what is said of a connection that is gone', () => {
  it.each([
    'Client has encountered a connection error and is not queryable',
    'Client was closed and is not queryable',
    'Connection terminated unexpectedly',
    'Connection terminated',
  ])('is that the server closed it, and waiting mends it, where the driver says "%s"', (said) => {
    expect(serverError(new Error(said))).toMatchObject({
      code: 'asset.vanished',
      message: 'the server closed the connection',
      retry: 'later',
    });
  });

  it('is what the server itself said, where it said something', () => {
    const said = 'terminating connection due to administrator command';
    expect(serverError(Object.assign(new Error(said), { code: '57P01' }))).toMatchObject({
      code: 'asset.vanished',
      message: said,
    });
  });
});
