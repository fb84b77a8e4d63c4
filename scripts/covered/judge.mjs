import { checkPlan, inspectPlan, lint } from '../../src/plan/index.ts';
import { executes } from './executes.mjs';
import { isAtOrBelow, pathText, stepAt } from './paths.mjs';

/** Reviews and waivers are held against one day, so that the page does not change by itself. */
const today = Date.parse('2026-11-21T00:00:00Z');

/** What can be said of the places of one plan. */
export class Judge {
  static async read(file, registry) {
    const { plan, document, findings } = await checkPlan(file, registry);
    if (plan === undefined) throw new Error(`${file} is not right in form`);
    return new Judge(plan, document, registry, findings);
  }

  constructor(plan, document, registry, findings) {
    this.plan = plan;
    this.document = document;
    this.registry = registry;
    this.later = findings.filter(({ code }) => code === 'plan.not_executable').map(({ path }) => path);
    this.said = lint(plan, document, today);
    this.usual = this.#verdict(document.value);
    this.known = new Map();
  }

  /** `at`: places as coverage.json names them, steps by their ids. */
  judge(at) {
    const places = at.map((text) => this.#resolve(text));
    return {
      findings: [...new Set(places.flatMap((path) => this.#findingsAt(path)))].toSorted(),
      isChecked: places.every((path) => this.#matters(path)),
      isExecutable: places.every((path) => executes(this, path)),
      kinds: [...new Set(places.flatMap((path) => this.#kindsAt(path)))],
    };
  }

  /** Whether `check` says anything else when this is not in the plan. */
  #matters(path) {
    const key = JSON.stringify(path);
    if (!this.known.has(key)) this.known.set(key, this.#verdict(without(this.document.value, path)) !== this.usual);
    return this.known.get(key);
  }

  /** All that `check` says, without places (they shift) and without what is merely not executable yet. */
  #verdict(value) {
    const document = { ...this.document, value };
    const { plan, findings } = inspectPlan(document, this.registry);
    const meaning = plan === undefined ? [] : lint(plan, document, today);
    const lines = [...findings.filter(({ code }) => code !== 'plan.not_executable'), ...meaning];
    return lines
      .map(({ code, message }) => `${code} ${message}`)
      .toSorted()
      .join('\n');
  }

  #findingsAt(path) {
    return this.said.filter((finding) => isAtOrBelow(finding.path, pathText(path))).map(({ code }) => code);
  }

  /** Which drivers are at work there: `assets/postgres`, `steps/restore`. */
  #kindsAt(path) {
    const [section, name] = path;
    if (section === 'assets' || section === 'stores') {
      const type = this.plan[section].get(name)?.type;
      return type === undefined ? [] : [`${section}/${type}`];
    }
    if (section === 'policies') return ['to', 'keep', 'verify'].includes(path[2]) ? [`policies/${path[2]}`] : [];
    const step = stepAt(this.document.value, path);
    return step === undefined
      ? []
      : this.registry.steps.filter(({ kind }) => step[kind] !== undefined).map(({ kind }) => `steps/${kind}`);
  }

  #resolve(text) {
    const path = [];
    let value = this.document.value;
    for (const part of text.split('.')) {
      const key = Array.isArray(value) ? value.findIndex(({ id }) => id === part) : part;
      value = value?.[key];
      if (value === undefined || key === -1) throw new Error(`${this.plan.name} has no ${text}`);
      path.push(key);
    }
    return path;
  }
}

function without(value, path) {
  const copy = structuredClone(value);
  const holder = path.slice(0, -1).reduce((inside, part) => inside[part], copy);
  const last = path.at(-1);
  if (Array.isArray(holder)) holder.splice(last, 1);
  else delete holder[last];
  return copy;
}
