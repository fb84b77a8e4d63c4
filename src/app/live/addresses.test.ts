import { expect, it } from 'vitest';
import { hostOf } from './addresses.ts';

it('finds the host in whatever way an address is written', () => {
  expect(hostOf('https://shop.example/health')).toEqual({ host: 'shop.example', tlsPort: 443 });
  expect(hostOf('https://shop.example:8443/health')).toEqual({ host: 'shop.example', tlsPort: 8443 });
  expect(hostOf('smtps://user:word@mail.example')).toEqual({ host: 'mail.example', tlsPort: 465 });
  expect(hostOf('http://shop.example')).toEqual({ host: 'shop.example', tlsPort: undefined });
  expect(hostOf('ssh://app1.shop.example')).toEqual({ host: 'app1.shop.example', tlsPort: undefined });
  expect(hostOf('db.shop.example:5432')).toEqual({ host: 'db.shop.example', tlsPort: undefined });
  expect(hostOf('https://[::1]:8443/')).toEqual({ host: '::1', tlsPort: 8443 });
});

it('leaves alone what is known only in a run, and what is no address', () => {
  for (const text of ['http://${environment.host}/health', '/health', 'two words', '']) {
    expect(hostOf(text)).toBeUndefined();
  }
});
