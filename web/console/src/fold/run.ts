import type { ErrorCode, ExecutionStatus, NodeStatus } from "../api/generated/schema";
import type { Topology } from "./topology";

export type Values = Readonly<Record<string, unknown>>;

export interface Failure {
  readonly code: ErrorCode;
  readonly message: string;
  readonly nodeId?: string | null | undefined;
  readonly retryable: boolean;
}

/** A stretch of a node's time; `to` is null while it lasts. Times are in milliseconds since 1970. */
export interface Span {
  readonly kind: "attempt" | "wait" | "retry";
  readonly attempt: number;
  readonly from: number;
  readonly to: number | null;
  /** What an attempt led to; LOST if its worker was. */
  readonly outcome: NodeStatus | "LOST" | null;
}

/** What a waiting node waits for. */
export interface Wait {
  readonly since: number;
  readonly until: number | null;
  readonly signal: string | null;
  readonly children: number | null;
  readonly isRetry: boolean;
}

/** What an output port has streamed: the first `length` of `pieces`, which grow in place. */
export interface Stream {
  readonly pieces: unknown[];
  readonly length: number;
}

/** Where a node stands. Records never change; a change puts another one in their place. */
export interface NodeRecord {
  readonly id: string;
  readonly status: NodeStatus;
  readonly attempt: number;
  readonly retries: number;
  readonly inputs: Values | null;
  readonly outputs: Values;
  readonly error: Failure | null;
  readonly startedAt: number | null;
  readonly completedAt: number | null;
  readonly wait: Wait | null;
  readonly skipped: { readonly reason: string | null; readonly causedBy: readonly string[] } | null;
  readonly spans: readonly Span[];
  readonly streams: Readonly<Record<string, Stream>>;
  /** How many children its latest attempt has spawned, and how many of them have ended. */
  readonly spawned: number;
  readonly returned: number;
}

export interface ChildRecord {
  readonly id: string;
  readonly nodeId: string | null;
  readonly eventName: string | null;
  readonly status: "RUNNING" | "COMPLETED" | "FAILED";
  readonly spawnedAt: number;
  readonly endedAt: number | null;
  readonly error: Failure | null;
}

/** Whether an edge has carried its value, could not, or never will. An edge without an entry is still waited for. */
export type EdgeRecord = "CARRIED" | "FAILED" | "DEAD";

/** What a run looks like after some event. `fold` changes it in place; its records never change. */
export class Run {
  status: ExecutionStatus = "CREATED";
  index = -2;
  at = 0;
  createdAt: number | null = null;
  startedAt: number | null = null;
  endedAt: number | null = null;
  outputs: Values | null = null;
  error: Failure | null = null;
  /** Why it was paused or stopped, in the words of who did it. */
  reason: string | null = null;
  isDraining = false;
  isPausedByParent = false;
  failedNodes = 0;
  lostWorkers = 0;
  workerId: string | null = null;
  breakpoints: ReadonlySet<string>;
  /** The nodes that breakpoints have stopped it before, until it goes on. */
  halted: ReadonlySet<string> = new Set();

  constructor(
    readonly topology: Topology,
    breakpoints: Iterable<string> = [],
    readonly nodes = new Map([...topology.nodes.keys()].map((id) => [id, idle(id)])),
    readonly edges = new Map<string, EdgeRecord>(),
    readonly children = new Map<string, ChildRecord>(),
  ) {
    this.breakpoints = new Set(breakpoints);
  }

  /** The same as it is now, whatever becomes of this one. */
  copy(): Run {
    const copy = new Run(this.topology, [], new Map(this.nodes), new Map(this.edges), new Map(this.children));
    const { topology, nodes, edges, children, ...rest } = this;
    return Object.assign(copy, rest);
  }

  get hasEnded(): boolean {
    return this.endedAt !== null;
  }
}

function idle(id: string): NodeRecord {
  return {
    id,
    status: "IDLE",
    attempt: 0,
    retries: 0,
    inputs: null,
    outputs: {},
    error: null,
    startedAt: null,
    completedAt: null,
    wait: null,
    skipped: null,
    spans: [],
    streams: {},
    spawned: 0,
    returned: 0,
  };
}
