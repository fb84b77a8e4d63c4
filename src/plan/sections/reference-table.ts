/** What the names in a plan are names of, and where names stand. `*` is any name or index. */
export type Declared =
  | 'assets'
  | 'things'
  | 'needed'
  | 'services'
  | 'stores'
  | 'policies'
  | 'scenarios'
  | 'drills'
  | 'channels'
  | 'templates'
  | 'roles'
  | 'people'
  | 'contacts'
  | 'documents'
  | 'clusters'
  | 'environments'
  | 'categories'
  | 'severities'
  | 'checklists'
  | 'keys'
  | 'windows';

/** How people call what a name is missing from. */
export const declaredWords: Record<Declared, string> = {
  assets: 'asset',
  things: 'asset, service, store, key, document or cluster',
  needed: 'asset or service',
  services: 'service',
  stores: 'store',
  policies: 'policy',
  scenarios: 'scenario',
  drills: 'drill',
  channels: 'channel',
  templates: 'template',
  roles: 'role among the contacts',
  people: 'role or contact',
  contacts: 'contact',
  documents: 'document',
  clusters: 'cluster',
  environments: 'environment',
  categories: 'category',
  severities: 'severity',
  checklists: 'checklist',
  keys: 'key',
  windows: 'window',
};

/** Every place of a domain's name. */
export const domainPlaces: readonly string[] = [
  'keys.*.domain',
  'stores.*.domain',
  'assets.*.domain',
  'assets.*.standbys.*.domain',
  'services.*.domain',
  'services.*.pointers.*.domain',
  'environments.*.domain',
  'clusters.*.domain',
  'documents.*.domain',
  'contacts.*.domain',
  'channels.*.domain',
  'incidents.statusPage.domain',
  'tool.domain',
  'tool.signIn.domain',
  'tool.engine.site',
  'scenarios.*.loses.domains.*',
];

/** Every place of a name outside steps. */
export const namePlaces: readonly (readonly [place: string, of: Declared])[] = [
  ['assets.*.policy', 'policies'],
  ['assets.*.documents.*', 'documents'],
  ['assets.*.owner', 'roles'],
  ['assets.*.artifacts.*.store', 'stores'],
  ['assets.*.artifacts.*.document', 'documents'],
  ['assets.*.key', 'keys'],
  ['assets.*.cluster', 'clusters'],
  ['policies.*.to.*', 'stores'],
  ['policies.*.copy.to.*', 'stores'],
  ['policies.*.stream.to.*', 'stores'],
  ['policies.*.keep.tiers.*.store', 'stores'],
  ['policies.*.verify.document', 'documents'],
  ['services.*.needs.*', 'needed'],
  ['services.*.fallbacks.*', 'services'],
  ['services.*.owner', 'roles'],
  ['services.*.pointers.*.of', 'assets'],
  ['environments.*.inside', 'environments'],
  ['environments.*.cluster', 'clusters'],
  ['clusters.*.madeFrom.*', 'documents'],
  ['documents.*.owner', 'roles'],
  ['readiness.*.of.*', 'things'],
  ['readiness.*.owner', 'roles'],
  ['contacts.*.backup', 'contacts'],
  ['channels.*.else', 'channels'],
  ['channels.*.to.*', 'contacts'],
  ['categories.*.severity', 'severities'],
  ['categories.*.scenarios.*', 'scenarios'],
  ['severities.*.notify.*', 'channels'],
  ['severities.*.tell.*', 'roles'],
  ['severities.*.escalate.*.role', 'roles'],
  ['escalate.*.role', 'roles'],
  ['incidents.report', 'templates'],
  ['incidents.statusPage.template', 'templates'],
  ['incidents.review.with.*', 'roles'],
  ['review.by.*', 'roles'],
  ['checklists.*.*.by.*', 'roles'],
  ['checklists.*.*.uses.*', 'things'],
  ['checklists.*.items.*.by.*', 'roles'],
  ['checklists.*.items.*.uses.*', 'things'],
  ['scenarios.*.loses.assets.*', 'assets'],
  ['scenarios.*.severity', 'severities'],
  ['scenarios.*.severity.*', 'severities'],
  ['scenarios.*.category', 'categories'],
  ['scenarios.*.documents.*', 'documents'],
  ['scenarios.*.checklists.*', 'checklists'],
  ['drills.*.scenario', 'scenarios'],
  ['drills.*.owner', 'roles'],
  ['drills.*.absent.*', 'contacts'],
  ['exercises.*.in', 'environments'],
  ['exercises.*.scenario', 'scenarios'],
  ['exercises.*.of.*', 'things'],
  ['exercises.*.by.*', 'roles'],
  ['alerts.*.watch.asset', 'assets'],
  ['alerts.*.watch.store', 'stores'],
  ['alerts.*.watch.service', 'services'],
  ['alerts.*.watch.policy', 'policies'],
  ['alerts.*.notify.*', 'channels'],
  ['tool.alarms.critical.*', 'channels'],
  ['tool.alarms.warning.*', 'channels'],
  ['commands.*.uses.*', 'things'],
];

/** Every place of a name below a step. */
export const stepPlaces: readonly (readonly [place: string, of: Declared])[] = [
  ['restore', 'assets'],
  ['restore.asset', 'assets'],
  ['restore.store', 'stores'],
  ['backup', 'assets'],
  ['backup.asset', 'assets'],
  ['check.asset', 'assets'],
  ['check.service', 'services'],
  ['fence', 'services'],
  ['fence.service', 'services'],
  ['fence.services.*', 'services'],
  ['fence.asset', 'assets'],
  ['switch.service', 'services'],
  ['ramp.service', 'services'],
  ['promote', 'assets'],
  ['promote.asset', 'assets'],
  ['policy.asset', 'assets'],
  ['policy.use', 'policies'],
  ['replicate.from', 'stores'],
  ['replicate.to', 'stores'],
  ['replicate.asset', 'assets'],
  ['call', 'scenarios'],
  ['call.scenario', 'scenarios'],
  ['call.drill', 'drills'],
  ['choose.options.*.call', 'scenarios'],
  ['notify.channel', 'channels'],
  ['notify.template', 'templates'],
  ['approve.by.*', 'people'],
  ['choose.by.*', 'people'],
  ['manual.by.*', 'people'],
  ['declare.severity', 'severities'],
  ['declare.severity.*', 'severities'],
  ['provision.cluster', 'clusters'],
  ['provision.asset', 'assets'],
  ['provision.who', 'people'],
  ['provision.who.*', 'people'],
  ['provision.overlay', 'environments'],
  ['rollback', 'services'],
  ['rollback.service', 'services'],
  ['preserve.asset', 'assets'],
  ['export.asset', 'assets'],
  ['import.asset', 'assets'],
  ['fetch.asset', 'assets'],
  ['fetch.store', 'stores'],
  ['in', 'environments'],
  ['owner', 'roles'],
  ['window', 'windows'],
  ['uses.*', 'things'],
  ['stops.*', 'things'],
  ['starts.*', 'things'],
  ...['start', 'stop', 'restart'].flatMap((kind) => [
    [kind, 'things'] as const,
    [`${kind}.service`, 'services'] as const,
    [`${kind}.services.*`, 'services'] as const,
    [`${kind}.asset`, 'assets'] as const,
  ]),
];

/** Where steps stand below a step. */
export const innerSteps: readonly string[] = ['parallel.*', 'parallel.steps.*', 'choose.options.*.steps.*'];
