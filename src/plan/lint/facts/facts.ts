import { isLifeboatError } from '../../../core/index.ts';
import { parseCalendar } from '../../calendar/calendar.ts';
import type { Path, PlanDocument } from '../../document.ts';
import type { Calendar, Plan } from '../../model.ts';
import { Domains } from './domains.ts';
import { Freshness } from './freshness.ts';
import { Procedures } from './procedures.ts';
import { Written } from './written.ts';

/** What rules know of a plan: the plan, its file as written, and models of time, order and domains, each made once when first asked for. */
export class Facts {
  readonly plan: Plan;
  readonly written: Written;
  /** The moment that reviews and waivers are judged at, milliseconds since 1970. */
  readonly nowMs: number;
  #freshness: Freshness | undefined;
  #domains: Domains | undefined;
  #procedures: Procedures | undefined;

  constructor(plan: Plan, document: PlanDocument, nowMs: number) {
    this.plan = plan;
    this.written = new Written(document);
    this.nowMs = nowMs;
  }

  /** Calendars as written at a place, in the zone of the plan; those that are not understood are findings of the schema. */
  calendars(path: Path): Calendar[] {
    return this.written.texts(path).flatMap((text) => {
      try {
        return [parseCalendar(text, this.plan.timezone)];
      } catch (error) {
        if (isLifeboatError(error)) return []; // the schema has said so already
        throw error;
      }
    });
  }

  get freshness(): Freshness {
    return (this.#freshness ??= new Freshness(this.plan, this.written));
  }

  get domains(): Domains {
    return (this.#domains ??= new Domains(this.plan, this.written));
  }

  get procedures(): Procedures {
    return (this.#procedures ??= new Procedures(this.plan, this.written));
  }
}
