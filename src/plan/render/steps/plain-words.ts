import type { StepDeclaration } from '../../model.ts';
import { capital, spoken } from '../words.ts';
import { checkWords } from './check-words.ts';
import { namedBy, said, Settings } from './settings.ts';

type NumberOf = (id: string) => string | undefined;

/** What a person does in this step, as one sentence without its full stop. */
export function plainWords(step: StepDeclaration, numberOf: NumberOf): string {
  const speak = Object.hasOwn(sentences, step.kind) ? sentences[step.kind] : undefined;
  const settings = new Settings(step.settings);
  return capital(speak?.(settings, step, numberOf) ?? `${spoken(step.kind)} ${spoken(step.id)}`);
}

type Speak = (settings: Settings, step: StepDeclaration, numberOf: NumberOf) => string;

const names = (list: readonly string[]): string =>
  list.length < 2 ? (list[0] ?? 'what is meant') : `${list.slice(0, -1).join(', ')} and ${list.at(-1)}`;

const how = (settings: Settings): string => suffix(': ', settings.text('how'));
const suffix = (before: string, text: string | undefined, after = ''): string =>
  text === undefined || text === '' ? '' : `${before}${text}${after}`;

const acting: Readonly<Record<string, Speak>> = {
  fence: (settings) =>
    `keep writes away from ${names(namedBy(settings))}${how(settings)}${suffix('; this goes on: ', settings.texts('keeps').join(', '))}`,
  stop: (settings) => `stop ${names(namedBy(settings))}${how(settings)}`,
  start: (settings) =>
    `start ${names(namedBy(settings))}${suffix(' with ', settings.text('replicas'), ' replicas')}${how(settings)}`,
  restart: (settings) => `restart ${names(namedBy(settings))}${how(settings)}`,
  rollback: (settings) =>
    `put ${names(namedBy(settings))} back to ${settings.text('to') ?? 'the version that worked before'}`,
  switch: (settings, _, numberOf) =>
    `point ${spoken(settings.text('pointer') ?? 'the pointer')} of ${settings.text('service')} to ${said(settings.value('value'), numberOf)}${suffix(', by ', settings.text('how'))}`,
  ramp: (settings) =>
    `let traffic back to ${settings.text('service')}${suffix(': ', settings.texts('over').join(', then '))}${suffix(', as long as ', spoken(settings.text('while') ?? ''), ' is green')}${suffix(', waiting ', settings.text('pause'), ' between')}`,
  promote: (settings) =>
    `make ${suffix('the standby ', settings.text('standby')) || 'the standby'} of ${settings.text('asset') ?? settings.alone} the one that takes writes`,
  policy: (settings) =>
    `protect ${settings.text('asset')}${suffix(' by the policy ', settings.text('use'))}${suffix(', ', settings.texts('every').join(', '))}${suffix(', while ', settings.text('while'))}`,
  provision: (settings) =>
    `build ${settings.alone ?? settings.text('what')}${suffix(' with ', settings.text('by'))}${suffix(' in the cluster ', settings.text('cluster'))}`,
  remove: (settings) => `remove ${names(settings.all.map((thing) => thing.replace(':', ' ')))}`,
  exec: (settings) => `run ${settings.texts('run')[0] ?? settings.all[0] ?? 'the program'}`,
};

const people: Readonly<Record<string, Speak>> = {
  approve: (settings) => {
    const count = settings.number('count') ?? 1;
    const who = names(settings.texts('by').map(spoken));
    return `get the consent of ${count === 1 ? 'one' : count} of ${who}${suffix(': ', settings.text('question'))}`;
  },
  commit: (settings) => {
    const by = settings.texts('by').map(spoken);
    const who = by.length === 0 ? '' : `, with the word of ${names(by)}`;
    return `keep the way back open for ${settings.alone ?? settings.text('after')}, then let it stay${who}`;
  },
  manual: (settings) => settings.alone ?? settings.text('do') ?? 'see to it',
  choose: (settings) => `decide: ${settings.text('question') ?? 'which way?'}`,
  look: (settings) => `look at ${settings.alone ?? settings.text('at')}${suffix(' for: ', settings.text('for'))}`,
  declare: (settings) =>
    `declare the incident${suffix(' as ', settings.texts('severity').join(' or '))}${suffix(', ', settings.text('as'))}`,
  notify: (settings) =>
    `tell ${settings.text('channel')}${suffix(' with the message ', settings.text('template'))}${suffix(': ', settings.text('text'))}`,
  call: (settings) =>
    settings.text('drill') === undefined
      ? `follow the whole scenario ${settings.alone ?? settings.text('scenario')}`
      : `run the drill ${settings.text('drill')}`,
};

const data: Readonly<Record<string, Speak>> = {
  backup: (settings) => `take a recovery point of ${settings.alone ?? names(settings.all)}`,
  restore: (settings, { siblings }, numberOf) => {
    const { at, into } = siblings;
    const place = into === undefined || into === 'new' ? 'a new place' : said(into, numberOf);
    const point = suffix(', from the point ', settings.text('point'));
    const moment = at === undefined ? '' : `, as it was at ${said(at, numberOf)}`;
    const store = suffix(', from the store ', settings.text('store'));
    return `restore ${settings.alone ?? settings.text('asset')} into ${place}${moment}${point}${store}`;
  },
  check: (settings, step, numberOf) => {
    const [asset, of, service] = [settings.text('asset'), settings.value('of'), settings.text('service')];
    if (service !== undefined) return `see that ${service} is healthy`;
    if (asset !== undefined) return `see that ${asset} is right${of === undefined ? '' : ` in ${said(of, numberOf)}`}`;
    return `see that ${checkWords(step.settings)}`;
  },
  wait: (settings) => {
    if (settings.alone !== undefined) return `wait ${settings.alone}`;
    return `wait until ${checkWords(settings.value('until'))}${suffix(', at most ', settings.text('for'))}`;
  },
  replicate: (settings) =>
    `copy ${settings.text('asset') ?? 'what is there'} from the store ${settings.text('from')} to ${settings.text('to')}`,
  fetch: (settings) =>
    `fetch ${settings.text('file') ?? `the copy of ${settings.text('asset') ?? 'it'}`}${suffix(' from the store ', settings.text('store'))}${suffix(' to ', settings.text('to'))}`,
  preserve: (settings) =>
    `keep ${settings.text('asset')} as it is now, before anything changes it${suffix(': as ', settings.text('as'))}`,
  export: (settings) =>
    `export ${suffix('the tables ', settings.texts('tables').join(', '), ' of ')}${settings.text('asset')}${suffix(' from ', settings.text('from'))}${suffix(' to ', settings.text('to'))}`,
  import: (settings) =>
    `import ${suffix('the tables ', settings.texts('tables').join(', '), ' into ')}${settings.text('asset')}${suffix(' from ', settings.text('from'))}${suffix('; rows that are there already: ', settings.text('conflict'))}`,
  parallel: (settings) => {
    const limit = settings.number('limit');
    return `do these at the same time${limit === undefined ? '' : `, at most ${limit} at once`}`;
  },
};

const sentences: Readonly<Record<string, Speak>> = { ...acting, ...people, ...data };
