import { describe, expect, test } from 'vitest';
import { errorsIn, smallPlan } from './testing/check-text.ts';

const scenario = (steps: string): string => `${smallPlan}scenarios:\n  lost:\n    steps:\n${steps}`;

describe('every mistake is told with its place, code, message and hint', () => {
  const cases: [title: string, text: string, error: string | RegExp][] = [
    [
      'an unknown key at the top',
      `${smallPlan}polices: {}\n`,
      'plan.yaml:6:1 plan.unknown_key there is no key "polices" here. Did you mean policies?',
    ],
    [
      'an unknown key inside',
      smallPlan.replace('path: ./documents', 'path: ./documents, exlcude: []'),
      'plan.yaml:5:56 plan.unknown_key there is no key "exlcude" here. Did you mean exclude?',
    ],
    [
      'a common key that is misspelt',
      smallPlan.replace('path: ./documents', 'path: a, polcy: x'),
      /5:\d+ plan\.unknown_key .*"polcy".*Did you mean policy\?/,
    ],
    [
      'a missing key',
      smallPlan.replace(', path: ./documents', ''),
      /plan\.yaml:5:11 plan\.missing_key path is missing/,
    ],
    ['a missing section', smallPlan.replace(/stores:.*\n/, ''), /plan\.missing_key stores is missing\. Add stores:/],
    [
      'a wrong type',
      smallPlan.replace('plan: small', 'plan: [small]'),
      'plan.yaml:2:7 plan.wrong_type a text belongs here, not a list.',
    ],
    [
      'a section that is no mapping',
      smallPlan.replace(/assets:.*/, 'assets: [a]'),
      /plan\.yaml:5:1 plan\.wrong_type assets is a mapping of names/,
    ],
    [
      'a wrong asset type',
      smallPlan.replace('type: files', 'type: file'),
      'plan.yaml:5:30 plan.unknown_type there is no asset type "file". Did you mean files?',
    ],
    [
      'a wrong store type',
      smallPlan.replace('type: fs', 'type: ftp'),
      /4:25 plan\.unknown_type there is no store type "ftp"/,
    ],
    [
      'a name with spaces',
      smallPlan.replace('documents:', '"my documents":'),
      /5:11 plan\.wrong_name "my documents" cannot be a name/,
    ],
    [
      'a duration without unit',
      `${smallPlan}objectives: { rto: 30 }\n`,
      /6:20 plan\.wrong_type a text belongs here, not the number 30\. .*30m/,
    ],
    [
      'a duration that is none',
      `${smallPlan}objectives: { rto: soon }\n`,
      /6:20 plan\.wrong_value "soon" is not a duration\. Write 30s/,
    ],
    [
      'a calendar that is none',
      `${smallPlan}policies: { p: { every: sometimes } }\n`,
      /6:25 plan\.bad_calendar "sometimes" is not a calendar\. Write every 6h/,
    ],
    [
      'a calendar that never comes',
      `${smallPlan}policies: { p: { every: 0 0 30 2 * } }\n`,
      /plan\.bad_calendar "0 0 30 2 \*" never comes/,
    ],
    [
      'a time zone that is none',
      `${smallPlan}timezone: Europe/Berln\n`,
      /6:11 plan\.wrong_value "Europe\/Berln" is not a time zone/,
    ],
    [
      'a yes that is a text in YAML 1.2',
      `${smallPlan}environments: { e: { protected: yes } }\n`,
      /plan\.wrong_type true or false belongs here, not a text\. YAML 1\.2 knows only true and false/,
    ],
    [
      'an asset without such a policy',
      smallPlan.replace('./documents', './documents, policy: dayly') + 'policies: { daily: {} }\n',
      /plan\.unknown_reference there is no policy "dayly"\. Did you mean daily\?/,
    ],
    [
      'a policy without such a store',
      `${smallPlan}policies: { p: { to: [neer] } }\n`,
      /6:23 plan\.unknown_reference there is no store "neer"\. Did you mean near\?/,
    ],
    [
      'a store in no such domain',
      `${smallPlan.replace(', domain: safe } }\nstores', ' } }\nstores')}domains: { save: {} }\n`,
      /4:58 plan\.unknown_reference there is no domain "safe"\. Did you mean save\?/,
    ],
    [
      'a domain that is there twice',
      `${smallPlan}domains: { safe: {}, a: { safe: {} } }\n`,
      /plan\.duplicate_name the domain safe is declared twice/,
    ],
    [
      'a service that needs nothing known',
      `${smallPlan}services: { shop: { needs: [docments] } }\n`,
      /plan\.unknown_reference there is no asset or service "docments"\. Did you mean documents\?/,
    ],
    [
      'services that need each other',
      `${smallPlan}services: { a: { needs: [b] }, b: { needs: [a] } }\n`,
      /plan\.circular_reference services need each other in a circle: a → b → a/,
    ],
    [
      'a drill without such a scenario',
      `${smallPlan}drills: { d: { scenario: lost } }\n`,
      /plan\.unknown_reference there is no scenario "lost"/,
    ],
    [
      'a drill that rehearses nothing',
      `${smallPlan}drills: { d: { every: monthly } }\n`,
      /plan\.wrong_value a drill rehearses a scenario or a restore/,
    ],
    [
      'a drill in production',
      `${smallPlan}environments: { production: { protected: true } }\ndrills: { d: { restore: random, in: production } }\n`,
      /7:37 plan\.unsafe_drill/,
    ],
    [
      'a step of no kind',
      scenario('      - id: nothing\n'),
      /9:9 plan\.unknown_kind this step does not say what it does/,
    ],
    [
      'a step of an unknown kind',
      scenario('      - restor: documents\n'),
      'plan.yaml:9:9 plan.unknown_kind there is no step "restor". Did you mean restore?',
    ],
    [
      'a step of two kinds',
      scenario('      - restore: documents\n        exec: [ls]\n'),
      /plan\.ambiguous_kind a step does one thing, this one says restore and exec/,
    ],
    [
      'a step with an unknown key',
      scenario('      - restore: documents\n        budgt: 5m\n'),
      'plan.yaml:10:9 plan.unknown_key there is no key "budgt" here. Did you mean budget?',
    ],
    [
      'a step that restores nothing known',
      scenario('      - restore: document\n'),
      /9:18 plan\.unknown_reference there is no asset "document"\. Did you mean documents\?/,
    ],
    [
      'a step name that is no identifier',
      scenario('      - id: bring-back\n        restore: documents\n'),
      /9:13 plan\.wrong_value/,
    ],
    [
      'two steps of one name',
      scenario('      - { id: a, restore: documents }\n      - { id: a, restore: documents }\n'),
      /10:15 plan\.duplicate_name the step a is there twice/,
    ],
    [
      'a step that needs a later one',
      scenario('      - { id: a, restore: documents, needs: [b] }\n      - { id: b, restore: documents }\n'),
      /plan\.later_step the step b is not before this one/,
    ],
    [
      'a step that reads from no step',
      scenario('      - check: { asset: documents, of: "${steps.nope.url}" }\n'),
      /plan\.unknown_reference there is no step "nope"/,
    ],
    [
      'steps of a parallel that read from each other',
      scenario(
        '      - parallel:\n          - { id: a, restore: documents }\n          - check: { asset: documents, of: "${steps.a.url}" }\n',
      ),
      /11:\d+ plan\.later_step the step a is not before/,
    ],
    ['an expression that does not parse', scenario('      - exec: ["x", "${incident.}"]\n'), /plan\.bad_expression/],
    [
      'an expression without an end',
      scenario('      - exec: ["x", "${incident.lastGood"]\n'),
      /plan\.bad_expression a \$\{ has no end/,
    ],
    [
      'an expression that names what no run knows',
      scenario('      - exec: ["x", "${incidnt.lastGood}"]\n'),
      /plan\.bad_expression .* names incidnt.* Did you mean incident\?/,
    ],
    [
      'a condition that is plain text',
      scenario('      - restore: documents\n        if: environment.protected\n'),
      /plan\.bad_expression a condition is one \$\{…\}/,
    ],
    [
      'a check of an unknown kind',
      smallPlan.replace('./documents', './documents, checks: [{ sqll: select 1 }]'),
      /plan\.unknown_kind there is no check of kind "sqll"\. Did you mean sql\?/,
    ],
    [
      'a check of two kinds',
      smallPlan.replace('./documents', './documents, checks: [{ sql: select 1, file: a }]'),
      /plan\.ambiguous_kind/,
    ],
    [
      'a check inside a step that is misspelt',
      scenario('      - wait: { until: { htp: /health }, for: 1m }\n'),
      /9:26 plan\.unknown_kind there is no check of kind "htp"\. Did you mean http\?/,
    ],
    [
      'an expectation that does not parse',
      smallPlan.replace('./documents', './documents, checks: [{ sql: select 1, expect: value > }]'),
      /plan\.bad_expression/,
    ],
    [
      'a key that opens nothing',
      smallPlan.replace('passphrase: { env: LB_PASS }, ', ''),
      /3:9 plan\.missing_key the key main opens nothing/,
    ],
    [
      'a secret with two sources',
      smallPlan.replace('env: LB_PASS', 'env: A, file: b'),
      /plan\.wrong_value a secret has exactly one source/,
    ],
    [
      'a secret with an unknown source',
      smallPlan.replace('env: LB_PASS', 'evn: A'),
      /plan\.unknown_key there is no key "evn" here\. Did you mean env\?/,
    ],
    [
      'a channel of an unknown type',
      `${smallPlan}channels: { a: { type: smpt } }\n`,
      /plan\.unknown_type there is no channel type "smpt"\. Did you mean smtp\?/,
    ],
    [
      'a channel with two addresses',
      `${smallPlan}channels: { a: { type: slack, url: { env: A }, token: { env: B }, room: ops } }\n`,
      /6:\d+ plan\.wrong_value it has either the url of a webhook, or the token of a bot/,
    ],
    [
      'an excluded asset with more to say',
      `${smallPlan.replace('assets: {', 'assets: { logs: { excluded: not needed, type: files },')}`,
      /plan\.unknown_key/,
    ],
    [
      'a version of the future',
      smallPlan.replace('lifeboat: 1', 'lifeboat: 2'),
      'plan.yaml:1:11 plan.newer_version the plan is written in version 2 of the language, this program knows version 1. Use a newer Lifeboat.',
    ],
    ['no version', smallPlan.replace('lifeboat: 1\n', ''), /plan\.no_version/],
  ];

  test.each(cases)('%s', (_, text, error) => {
    const errors = errorsIn(text);
    expect(errors).toHaveLength(1);
    const [only = ''] = errors;
    expect(typeof error === 'string' ? error : error.exec(only)?.input).toBe(only);
  });

  test('all of one file at once, in the order of the file', () => {
    const errors = errorsIn(`${smallPlan.replace('type: files', 'type: file')}polices: {}\nobjectives: { rto: 5 }\n`);
    expect(errors.map((line) => line.split(' ')[0])).toEqual(['plan.yaml:5:30', 'plan.yaml:6:1', 'plan.yaml:7:20']);
  });
});
