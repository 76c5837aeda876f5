import type { LogEvent } from "./event";
import { fold } from "./fold";
import type { Run } from "./run";

/** How many events there are from one copy of the run to the next. */
const STRIDE = 500;

/** A log and what it makes: the run as it is, and as it was after any event. */
export class History {
  readonly #log: LogEvent[] = [];
  /** Copies of the run, each as it was before the event of number STRIDE times its own. */
  readonly #copies: Run[] = [];

  /** `head` is the run before the first event, and is kept up to date. */
  constructor(readonly head: Run) {}

  get log(): readonly LogEvent[] {
    return this.#log;
  }

  /** Takes in what follows; what is there already is left out. */
  push(events: readonly LogEvent[]): void {
    for (const event of events) {
      if (event.index <= this.head.index) continue;
      if (this.#log.length % STRIDE === 0) this.#copies.push(this.head.copy());
      this.#log.push(event);
      fold(this.head, event);
    }
  }

  /** The run as it was after the event with this index, which is not changed by what follows. */
  at(index: number): Run {
    const count = this.count(index);
    const copy = this.#copies[Math.floor(count / STRIDE)] ?? this.head;
    const run = copy.copy();
    for (let place = this.count(run.index); place < count; place += 1) fold(run, this.#log[place]!);
    return run;
  }

  /** How many events there are up to this index; logs begin at -1 and have no gaps. */
  count(index: number): number {
    return Math.max(0, Math.min(this.#log.length, index + 2));
  }
}
