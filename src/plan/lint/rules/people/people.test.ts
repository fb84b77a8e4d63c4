import { describe, expect, it } from 'vitest';
import { finds, findingsIn, said, sound } from '../../testing/lint-text.ts';

const plan = (more: string): string =>
  sound(`stores: { far: { type: fs, path: ./far, domain: east } }
policies: { files: { every: 30m, to: [far] } }
assets: { uploads: { type: files, path: ./x, domain: west, policy: files } }
${more}`);

describe('pitfall: stale runbooks and wrong phone numbers', () => {
  it('people.no_backup: one person alone', () => {
    expect(said(plan('contacts: { kim: { role: lead, phone: "1" } }'), 'people.no_backup')).toEqual([
      'kim (lead) has no backup: if kim does not answer, nobody does',
    ]);
    expect(
      finds(
        plan('contacts: { kim: { role: lead, phone: "1", backup: sam }, sam: { phone: "2" } }'),
        'people.no_backup',
      ),
    ).toBe(false);
    expect(finds(plan('contacts: { duty: { role: on_call, page: the rotation } }'), 'people.no_backup')).toBe(false);
  });

  it('people.not_reachable: a name is no contact', () => {
    expect(finds(plan('contacts: { kim: { name: Kim }, sam: { phone: "2" } }'), 'people.not_reachable')).toBe(true);
  });

  it('people.no_address: mail to who has a number alone, a text message to who has an address alone', () => {
    const text = (to: string): string => `contacts: { kim: { phone: "1" }, sam: { email: sam@shop.example } }
channels: { desk: { type: smtp, url: { env: A }, to: ${to} }, sms: { type: sms, url: { env: B }, to: [kim] } }`;
    expect(said(plan(text('[kim, sam]')), 'people.no_address')).toEqual(['desk does not reach kim, who has no email']);
    expect(finds(plan(text('[sam]')), 'people.no_address')).toBe(false);
  });

  it('people.placeholder: a form that was not filled in, wherever it is', () => {
    const text = `contacts: { kim: { name: "[Name]", phone: "1" } }
templates: { first: { subject: "[INCIDENT] Shop", body: "Started at [TIME]" } }
commands: { pods: { command: kubectl describe pod <pod-name> } }`;
    expect(said(plan(text), 'people.placeholder')).toEqual([
      '"[Name]" was never filled in',
      '"[TIME]" was never filled in',
      '"<pod-name>" was never filled in',
    ]);
  });

  it('people.placeholder: leaves Liquid, lists and subjects alone', () => {
    const text = `templates: { first: { subject: "[RESOLVED] Shop", body: "Started at {{ incident.impact }}, see [the page](x)" } }`;
    expect(finds(plan(text), 'people.placeholder')).toBe(false);
  });

  it('people.review_overdue: by the clock that is given', () => {
    const text = plan('').replace('last: 2026-10-01', 'last: 2025-01-17');
    expect(said(text, 'people.review_overdue')[0]).toMatch(/^the review was due on 2025-04-1\d, 58\d days ago$/);
    expect(findingsIn(text, Date.parse('2025-03-01T00:00:00Z'))).toEqual([]);
  });
});

it('people.lost_with_domain: everybody who may approve is cut off', () => {
  const text = (domain: string): string =>
    plan(`contacts: { kim: { role: lead, phone: "1", backup: sam, domain: ${domain} }, sam: { phone: "2" } }
environments: { dr: { domain: east } }
scenarios: { gone: { loses: { domains: [west] }, steps: [{ id: ask, approve: { by: [lead] } }] } }`);
  expect(finds(text('west'), 'people.lost_with_domain')).toBe(true);
  expect(finds(text('safe'), 'people.lost_with_domain')).toBe(false);
});
