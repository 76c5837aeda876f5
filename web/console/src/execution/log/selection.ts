import { nodeOf, type LogEvent } from "../../fold/event";

export interface Filter {
  /** What the kind begins with; empty: any. */
  family: string;
  nodeId: string | null;
  /** A part of the event's kind or data, in either case. */
  text: string;
}

/** The events of a growing log that a filter lets through; each is looked at once. */
export class Selection {
  readonly #found: LogEvent[] = [];
  #seen = 0;

  constructor(readonly filter: Filter) {}

  /** Those up to an index. */
  upTo(index: number, log: readonly LogEvent[]): readonly LogEvent[] {
    for (; this.#seen < log.length; this.#seen += 1) {
      const event = log[this.#seen]!;
      if (passes(event, this.filter)) this.#found.push(event);
    }
    return this.#found.slice(0, countUpTo(this.#found, index));
  }
}

function passes(event: LogEvent, { family, nodeId, text }: Filter): boolean {
  if (!event.type.startsWith(family)) return false;
  if (nodeId !== null && !concerns(event, nodeId)) return false;
  if (!text) return true;
  return `${event.type} ${JSON.stringify(event.data)}`.toLowerCase().includes(text.toLowerCase());
}

/** Whether a node has to do with an event: edges belong to both their ends. */
function concerns(event: LogEvent, nodeId: string): boolean {
  if (nodeOf(event) === nodeId) return true;
  if (!("source" in event.data)) return false;
  return [event.data.source, event.data.target].some((port) => port.startsWith(`${nodeId}.`));
}

/** How many of the events, which are in order, have at most this index. */
function countUpTo(events: readonly LogEvent[], index: number): number {
  let low = 0;
  let high = events.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (events[middle]!.index <= index) low = middle + 1;
    else high = middle;
  }
  return low;
}
