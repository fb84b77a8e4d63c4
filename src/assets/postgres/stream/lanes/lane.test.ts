import { expect, it } from 'vitest';
import { receivedTo } from './lane.ts';

it('a stream that goes on from the start of a segment has received no less than a store has', () => {
  expect(receivedTo(0x10_4cfa6n, [{ durable: 0x174_14f8n }, { durable: undefined }])).toBe(0x174_14f8n);
  expect(receivedTo(0x20_00000n, [{ durable: 0x174_14f8n }, { durable: 0x10_00000n }])).toBe(0x20_00000n);
  expect(receivedTo(0x20_00000n, [{ durable: undefined }])).toBe(0x20_00000n);
});
