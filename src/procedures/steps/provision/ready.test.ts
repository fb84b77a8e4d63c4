import { describe, expect, it } from 'vitest';
import { lacking, type ClusterObject } from './ready.ts';

const object = (kind: string, status: object, spec: object = {}, generation = 1): ClusterObject =>
  ({ kind, metadata: { name: 'web', generation }, spec, status }) as ClusterObject;
const condition = (type: string, status = 'True') => ({ conditions: [{ type, status }] });

describe('an object of a cluster is ready', () => {
  const deployed = { observedGeneration: 2, replicas: 3, updatedReplicas: 3, availableReplicas: 3 };
  it.each([
    ['all replicas are new and available', deployed, undefined],
    ['its settings were not seen', { ...deployed, observedGeneration: 1 }, 'its new settings were not seen yet'],
    ['some are old', { ...deployed, updatedReplicas: 2 }, '2 of 3 are new'],
    ['some are not available', { ...deployed, availableReplicas: 1 }, '1 of 3 are ready'],
    ['old ones still serve', { ...deployed, replicas: 4 }, '1 old ones have not ended'],
    ['nothing is known of it', {}, 'its new settings were not seen yet'],
  ])('a deployment: %s', (_, status, lacks) => {
    expect(lacking(object('Deployment', status, { replicas: 3 }, 2))).toBe(lacks);
  });

  it('by its own kind, and where nothing says so it is not', () => {
    expect(lacking(object('Job', condition('Complete')))).toBeUndefined();
    expect(lacking(object('Job', condition('Failed')))).toBe('it failed');
    expect(lacking(object('Job', {}))).toBe('it runs');
    expect(lacking(object('Namespace', { phase: 'Terminating' }))).toBe('it is Terminating');
    expect(lacking(object('Certificate', condition('Ready', 'False')))).toBe('it is not ready');
    expect(lacking(object('CustomResourceDefinition', condition('Established')))).toBeUndefined();
    expect(lacking(object('Deployment', deployed, { replicas: 0 }, 2))).toBe('3 old ones have not ended');
    expect(lacking(object('ConfigMap', {}))).toBeUndefined();
  });
});
