import type { PlanDocument } from '../../document.ts';
import type { Plan } from '../../model.ts';
import { Domains } from './domains.ts';
import { Freshness } from './freshness.ts';
import { Procedures } from './procedures.ts';
import { Rhythms } from './rhythm.ts';
import { Written } from './written.ts';

/** What rules know of a plan: the plan, its file as written, and models of time, order and domains, each made once when first asked for. */
export class Facts {
  readonly plan: Plan;
  readonly written: Written;
  /** The moment that reviews and waivers are judged at, milliseconds since 1970. */
  readonly nowMs: number;
  #rhythms: Rhythms | undefined;
  #freshness: Freshness | undefined;
  #domains: Domains | undefined;
  #procedures: Procedures | undefined;

  constructor(plan: Plan, document: PlanDocument, nowMs: number) {
    this.plan = plan;
    this.written = new Written(document);
    this.nowMs = nowMs;
  }

  get rhythms(): Rhythms {
    return (this.#rhythms ??= new Rhythms());
  }

  get freshness(): Freshness {
    return (this.#freshness ??= new Freshness(this.plan, this.written, this.rhythms));
  }

  get domains(): Domains {
    return (this.#domains ??= new Domains(this.plan, this.written));
  }

  get procedures(): Procedures {
    return (this.#procedures ??= new Procedures(this.plan, this.written));
  }
}
