import { createContext, use, useRef, useSyncExternalStore } from "react";
import type { ExecutionQuery } from "../api/generated/operations";
import type { Connection } from "../api/follow";
import type { Problem } from "../api/problem";
import type { LogEvent } from "../fold/event";
import { History } from "../fold/history";
import { Run } from "../fold/run";
import { Topology } from "../fold/topology";
import { Cell, Changes } from "../state/cell";
import { useNow } from "../state/now";
import { onNextFrame } from "../state/frame";

export type Execution = NonNullable<ExecutionQuery["execution"]>;

export interface Link {
  readonly connection: Connection;
  /** Where the subscription went on each time after the connection had been lost. */
  readonly resumptions: readonly number[];
  readonly problem: Problem | null;
}

const TERMINAL = new Set<string>(["FLOW_COMPLETED", "FLOW_FAILED", "FLOW_CANCELLED"]);

/** One execution as it is shown: its log, the run that this makes, and which of its moments is looked at. */
export class ExecutionStore {
  readonly topology: Topology;
  readonly history: History;
  readonly changes = new Changes();
  readonly link = new Cell<Link>({ connection: "CONNECTING", resumptions: [], problem: null });
  /** Where the subscription goes on. */
  nextIndex = -1;
  /** Whether the last event has come. */
  isComplete = false;
  #incoming: LogEvent[] = [];
  #at: number | null = null;
  #shown: Run;
  readonly #publishSoon = onNextFrame(() => this.#publish());

  constructor(readonly execution: Execution) {
    this.topology = new Topology(execution.flowVersion);
    this.history = new History(new Run(this.topology, execution.options.breakpoints));
    this.#shown = this.history.head;
  }

  /** The run as it is now, as far as it is known. */
  get head(): Run {
    return this.history.head;
  }

  /** The run as it was at the moment that is looked at. */
  get shown(): Run {
    return this.#shown;
  }

  /** The index of the event after which the run is looked at; null: it is looked at as it goes on. */
  get at(): number | null {
    return this.#at;
  }

  /** Takes events in; all that come within a frame are shown together. */
  take(events: readonly LogEvent[], nextIndex: number): void {
    this.nextIndex = nextIndex;
    this.isComplete ||= events.some((event) => TERMINAL.has(event.type));
    for (const event of events) this.#incoming.push(event);
    if (events.length > 0) this.#publishSoon();
  }

  travel(at: number | null): void {
    if (at === this.#at) return;
    this.#at = at;
    this.#shown = at === null ? this.head : this.history.at(at);
    this.changes.tell();
  }

  #publish(): void {
    this.history.push(this.#incoming);
    this.#incoming = [];
    const isTooEarly = this.#at !== null && this.#shown.index < this.#at;
    if (isTooEarly) this.#shown = this.history.at(this.#at!);
    this.changes.tell();
  }
}

export const StoreContext = createContext<ExecutionStore | null>(null);

export function useExecution(): ExecutionStore {
  const store = use(StoreContext);
  if (!store) throw new Error("There is no execution around this component.");
  return store;
}

/**
 * Something of the run that is shown. The component is drawn again only if that has changed, so `select` gives a number,
 * a text or a record, or `isSame` tells when two of its results are alike.
 */
export function useRun<T>(select: (run: Run) => T, isSame: (a: T, b: T) => boolean = Object.is): T {
  return useSelected((store) => select(store.shown), isSame);
}

/** As `useRun`, of the run as it is now, for what commands it. */
export function useHead<T>(select: (run: Run) => T): T {
  return useSelected((store) => select(store.head), Object.is);
}

/** As `useRun`, of the store itself. */
export function useSelected<T>(select: (store: ExecutionStore) => T, isSame: (a: T, b: T) => boolean = Object.is): T {
  const store = useExecution();
  const last = useRef<{ value: T } | null>(null);
  return useSyncExternalStore(store.changes.subscribe, () => {
    const value = select(store);
    if (!last.current || !isSame(last.current.value, value)) last.current = { value };
    return last.current.value;
  });
}

export function sameItems<T>(a: readonly T[], b: readonly T[]): boolean {
  return a.length === b.length && a.every((item, place) => item === b[place]);
}

/** The time at the moment that is shown: that of its event, or what the clock says if it is followed. */
export function useMoment(matters: boolean): number {
  const past = useSelected((store) => (store.at === null && !store.head.hasEnded ? null : store.shown.at));
  const now = useNow(matters && past === null);
  return past ?? now;
}
