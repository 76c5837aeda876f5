import type { ExecutionEventType, ExecutionStatus } from "../../api/generated/schema";
import type { DataOf, LogEvent } from "../../fold/event";

/** An execution of a tree. Records never change; a change puts another one in their place. */
export interface Member {
  readonly id: string;
  readonly level: number;
  readonly parentId: string | null;
  /** The node of its parent that spawned it, and the event that it runs for. */
  readonly nodeId: string | null;
  readonly eventName: string | null;
  readonly flowName: string;
  readonly status: ExecutionStatus;
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  readonly error: string | null;
}

/** The kinds of events that make a tree. */
export const KINDS: ExecutionEventType[] = [
  "EXECUTION_CREATED",
  "CHILD_EXECUTION_SPAWNED",
  "FLOW_STARTED",
  "FLOW_PAUSED",
  "FLOW_RESUMED",
  "DEBUG_BREAKPOINT_HIT",
  "FLOW_COMPLETED",
  "FLOW_FAILED",
  "FLOW_CANCELLED",
];

type Changes = Partial<Member>;

const ended = (status: ExecutionStatus, endedAt: number): Changes => ({ status, endedAt });

/** What an event changes in the execution that it happened in. */
function changesBy(event: LogEvent): Changes {
  switch (event.type) {
    case "EXECUTION_CREATED":
      return { flowName: event.data.flowName };
    case "FLOW_STARTED":
      return { status: "RUNNING", startedAt: event.at };
    case "FLOW_RESUMED":
      return { status: "RUNNING" };
    case "FLOW_PAUSED":
    case "DEBUG_BREAKPOINT_HIT":
      return { status: "PAUSED" };
    case "FLOW_COMPLETED":
      return ended("COMPLETED", event.at);
    case "FLOW_CANCELLED":
      return ended("STOPPED", event.at);
    case "FLOW_FAILED":
      return { ...ended("FAILED", event.at), error: event.data.error.message };
    default:
      return {};
  }
}

/** A tree of executions as its events make it. It grows in place. */
export class Forest {
  readonly members = new Map<string, Member>();
  readonly #children = new Map<string, string[]>();

  constructor(readonly rootId: string) {
    this.#add({ id: rootId, level: 0 });
  }

  take(level: number, executionId: string, event: LogEvent): void {
    this.#change(executionId, level, changesBy(event));
    if (event.type === "CHILD_EXECUTION_SPAWNED") this.#spawn(level, executionId, event.data);
  }

  childrenOf(id: string): readonly string[] {
    return this.#children.get(id) ?? [];
  }

  /** Those that show while some are folded, each parent before its children. */
  visible(folded: ReadonlySet<string>): Member[] {
    const rows: Member[] = [];
    const waiting = [this.rootId];
    for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
      rows.push(this.members.get(id)!);
      if (!folded.has(id)) waiting.push(...this.childrenOf(id).toReversed());
    }
    return rows;
  }

  #spawn(level: number, parentId: string, data: DataOf<"CHILD_EXECUTION_SPAWNED">): void {
    const { childExecutionId: id, spawnedByNodeId, eventName } = data;
    if (this.members.has(id)) return;
    const nodeId = spawnedByNodeId ?? null;
    this.#add({ id, level: level + 1, parentId, nodeId, eventName: eventName ?? null });
    const siblings = this.#children.get(parentId);
    if (siblings) siblings.push(id);
    else this.#children.set(parentId, [id]);
  }

  #add(known: Changes & Pick<Member, "id" | "level">): void {
    this.members.set(known.id, { ...NEW, ...known });
  }

  #change(id: string, level: number, changes: Changes): void {
    this.members.set(id, { ...(this.members.get(id) ?? { ...NEW, id, level }), ...changes });
  }
}

const NEW: Omit<Member, "id" | "level"> = {
  parentId: null,
  nodeId: null,
  eventName: null,
  flowName: "",
  status: "CREATED",
  startedAt: null,
  endedAt: null,
  error: null,
};
