import { expect, it } from 'vitest';
import { askerOf, networkOf, proxiesOf } from './network.ts';

it.each([
  ['192.0.2.7', '192.0.2.7'],
  ['::ffff:192.0.2.7', '192.0.2.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:0db8:0001:0002::9', '2001:db8:1:2::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['2001:db8:1:2:3:4:192.0.2.7', '2001:db8:1:2::/64'],
  ['64:ff9b::192.0.2.7', '64:ff9b:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['unknown', 'unknown'],
])('%s counts as %s', (address, network) => expect(networkOf(address)).toBe(network));

const proxies = proxiesOf(['192.0.2.1', '10.0.0.0/8', 'fd00::/8']);

it.each([
  ['198.51.100.7', '203.0.113.1', '198.51.100.7'], // who is no proxy of ours may say what they like
  ['192.0.2.1', '203.0.113.1', '203.0.113.1'],
  ['::ffff:192.0.2.1', '203.0.113.1', '203.0.113.1'],
  ['192.0.2.1', '203.0.113.66, 203.0.113.1', '203.0.113.1'], // the first was written by who asks
  ['192.0.2.1', '203.0.113.66, 203.0.113.1, 10.1.2.3', '203.0.113.1'],
  ['fd00::1', '2001:db8::1', '2001:db8::1'],
  ['192.0.2.1', undefined, '192.0.2.1'],
  ['192.0.2.1', 'unknown', '192.0.2.1'],
  ['192.0.2.1', '203.0.113.1, nonsense, 10.1.2.3', '10.1.2.3'],
  ['10.0.0.1', '10.0.0.2', '10.0.0.2'],
  ['192.0.2.1', '203.0.113.66:80, 203.0.113.1:4711', '203.0.113.1'],
  ['192.0.2.1', '[2001:db8::1]:4711', '2001:db8::1'],
  ['192.0.2.1', '[2001:db8::1]', '2001:db8::1'],
  ['192.0.2.1', '[nonsense]:4711', '192.0.2.1'],
])('connected from %s, forwarded for %s: %s asks', (connected, forwarded, asker) =>
  expect(askerOf(connected, forwarded, proxies)).toBe(asker),
);

it.each(['a host', '10.0.0.0/33', '10.0.0', ''])('a proxy is an address or a net: "%s" is refused', (written) =>
  expect(() => proxiesOf([written])).toThrow('--behind must be'),
);
