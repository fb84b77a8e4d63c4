import type { Rule } from '../../rule.ts';

export const noBackup: Rule = {
  code: 'people.no_backup',
  severity: 'warning',
  title: 'One person is the only one who can be called',
  why: `The disaster comes on the day that person is on a plane. Every role that an escalation, an approval or a step calls for has a second person behind it.`,
  bad: `contacts: { lead: { role: platform_lead, phone: "+49 30 0000001" } }`,
  good: `contacts:
  lead: { role: platform_lead, phone: "+49 30 0000001", backup: deputy }
  deputy: { phone: "+49 30 0000002", backup: lead }`,
  *find(facts) {
    const contacts = facts.written.entries('contacts');
    for (const [name, contact] of contacts) {
      // Who is outside, or a rotation that calls the next one by itself, needs no second name here.
      if (contact['backup'] !== undefined || contact['external'] !== undefined || contact['page'] !== undefined)
        continue;
      const isBackup = contacts.some(([, other]) => other['backup'] === name);
      const sameRole =
        contacts.filter(([, other]) => other['role'] !== undefined && other['role'] === contact['role']).length > 1;
      if (sameRole || (isBackup && contact['role'] === undefined)) continue;
      yield {
        path: ['contacts', name],
        message: `${name}${typeof contact['role'] === 'string' ? ` (${contact['role']})` : ''} has no backup: if ${name} does not answer, nobody does`,
        hint: 'Name a second contact: backup: NAME.',
      };
    }
  },
};

export const notReachable: Rule = {
  code: 'people.not_reachable',
  severity: 'warning',
  title: 'A contact has no number, no address and no channel',
  why: `A name is no contact. At three in the morning somebody has to look up a number, in a directory that stands behind the sign-in that is down.`,
  bad: `contacts: { lead: { role: platform_lead, name: Kim } }`,
  good: `contacts: { lead: { role: platform_lead, name: Kim, phone: "+49 30 0000001" } }`,
  *find(facts) {
    for (const [name, contact] of facts.written.entries('contacts')) {
      const external =
        facts.written.has(['contacts', name, 'external', 'url']) ||
        facts.written.has(['contacts', name, 'external', 'contract']);
      if (['email', 'phone', 'page', 'chat'].some((key) => contact[key] !== undefined) || external) continue;
      yield {
        path: ['contacts', name],
        message: `${name} cannot be reached: there is no phone, email, page or chat`,
        hint: 'Write at least a phone number.',
      };
    }
  },
};

export const unaddressed: Rule = {
  code: 'people.no_address',
  severity: 'warning',
  title: 'A channel is to tell a contact that has no address for it',
  why: `The mail goes to everybody but the one who is on call, and nobody notices: the others got theirs.`,
  bad: `contacts: { duty: { phone: "+49 30 0000001" } }
channels: { desk: { type: smtp, url: { env: SMTP_URL }, to: [duty] } }`,
  good: `contacts: { duty: { phone: "+49 30 0000001", email: duty@shop.example } }
channels: { desk: { type: smtp, url: { env: SMTP_URL }, to: [duty] } }`,
  *find(facts) {
    for (const [name, channel] of facts.written.entries('channels')) {
      const needed = channel['type'] === 'smtp' ? 'email' : channel['type'] === 'sms' ? 'phone' : undefined;
      if (needed === undefined) continue;
      for (const contact of facts.written.texts(['channels', name, 'to'])) {
        if (facts.written.has(['contacts', contact, needed])) continue;
        yield {
          path: ['channels', name, 'to'],
          message: `${name} does not reach ${contact}, who has no ${needed}`,
          hint: `Write down the ${needed} of ${contact}, or take ${contact} from \`to\`.`,
        };
      }
    }
  },
};

export const personLost: Rule = {
  code: 'people.lost_with_domain',
  severity: 'warning',
  title: 'A scenario needs people who are cut off by it',
  why: `Who sits in the building that burns, or can only be reached through the system that is down, cannot approve, decide or run a step.`,
  bad: `contacts: { lead: { role: platform_lead, chat: "#ops", domain: cloud } }`,
  good: `contacts: { lead: { role: platform_lead, phone: "+49 30 0000001" } }`,
  *find(facts) {
    for (const { scenario, steps } of facts.procedures.all) {
      for (const step of steps) {
        const roles = [
          ...facts.written.texts([...step.path, step.step.kind, 'by']),
          ...facts.written.texts([...step.path, 'owner']),
        ];
        for (const role of roles) {
          const holders = facts.written
            .entries('contacts')
            .filter(([name, contact]) => contact['role'] === role || name === role);
          const left = holders.some(
            ([, contact]) =>
              !facts.domains.isLost(
                typeof contact['domain'] === 'string' ? contact['domain'] : undefined,
                scenario.loses.domains,
              ),
          );
          if (holders.length === 0 || left) continue;
          yield {
            path: step.path,
            message: `${step.id} needs ${role}, but everybody with that role is cut off by ${scenario.name}`,
            hint: 'Name somebody who can be reached another way.',
          };
        }
      }
    }
  },
};
