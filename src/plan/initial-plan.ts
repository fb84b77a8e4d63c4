/** What the first plan of a folder starts from. */
export interface InitialPlan {
  /** Letters, digits, `_` and `-`. */
  readonly name: string;
  /** The address or path of the JSON Schema, for editors. */
  readonly schema?: string;
  readonly timezone?: string;
  /** The folder to protect, relative to the plan. */
  readonly path?: string;
  /** Where copies go, relative to the plan. */
  readonly store?: string;
}

/** The text of a plan that `init` writes: small, commented, and right as it stands. */
export function initialPlan(options: InitialPlan): string {
  const { name, schema = defaultSchema, timezone = 'UTC', path = './data', store = './stores/near' } = options;
  return `# yaml-language-server: $schema=${schema}
# What must survive, how fast it comes back, and how much may be lost. Check it with: lifeboat check
lifeboat: 1
plan: ${name}
timezone: ${timezone}

# Failure domains: what is lost together. Keep copies and keys out of the domain of what they protect.
domains:
  here: {}
  elsewhere: {}
  safe: {}

# How long you may be down (rto), and how much of the newest work may be lost (rpo): a day, and what a daily point may be late.
objectives: { rto: 1h, rpo: 26h }

# The key that opens the stores. Lose it and every copy is lost: keep it apart from both.
keys:
  main: { passphrase: { env: LIFEBOAT_PASSPHRASE }, domain: safe }

stores:
  near: { type: fs, path: ${quoted(store)}, domain: elsewhere }

policies:
  daily:
    every: 1d at 02:00
    to: [near]
    keep: { daily: 30d, monthly: 1y, atLeast: 7 }

# What must survive. Other types: sqlite, postgres.
assets:
  data: { type: files, path: ${quoted(path)}, domain: here, policy: daily }

environments:
  production: { protected: true, domain: here }
  bubble: { ephemeral: true }        # made for a drill, destroyed after it

# What can happen, and the way back. The same steps run on the real day and in every drill.
scenarios:
  data_lost:
    trigger: files are missing, wrong or encrypted by somebody else
    loses: { assets: [data] }
    steps:
      - id: bring_back
        restore: data
        at: "\${incident.lastGood}"
        into: new
        budget: 10m
      - id: looks_right
        check: { asset: data, of: "\${steps.bring_back.url}" }

drills:
  monthly_rehearsal:
    scenario: data_lost
    every: first saturday at 10:00
    in: bubble
    expect: { rto: 1h, rpo: 26h }
`;
}

const defaultSchema = './schema/lifeboat.schema.json';

/** Plain where YAML reads it as it stands. */
const quoted = (text: string): string => (/^[A-Za-z./][A-Za-z0-9._/-]*$/.test(text) ? text : JSON.stringify(text));
