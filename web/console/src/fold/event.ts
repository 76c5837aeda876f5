import type * as schema from "../api/generated/schema";

/** The fields of a kind of event as they are in its `data`. */
type Data<Event> = Omit<Event, keyof schema.ExecutionEvent>;

/** The kinds of events that change what a run looks like. */
interface Kinds {
  EXECUTION_CREATED: Data<schema.ExecutionCreatedEvent>;
  EXECUTION_RECOVERED: Data<schema.ExecutionRecoveredEvent>;
  FLOW_STARTED: Data<schema.FlowStartedEvent>;
  FLOW_COMPLETED: Data<schema.FlowCompletedEvent>;
  FLOW_FAILED: Data<schema.FlowFailedEvent>;
  FLOW_CANCELLED: Data<schema.FlowCancelledEvent>;
  FLOW_PAUSED: Data<schema.FlowPausedEvent>;
  FLOW_DRAINED: Data<schema.FlowDrainedEvent>;
  FLOW_RESUMED: Data<schema.FlowResumedEvent>;
  FLOW_STEPPED: Data<schema.FlowSteppedEvent>;
  BREAKPOINTS_SET: Data<schema.BreakpointsSetEvent>;
  NODE_STARTED: Data<schema.NodeStartedEvent>;
  NODE_COMPLETED: Data<schema.NodeCompletedEvent>;
  NODE_FAILED: Data<schema.NodeFailedEvent>;
  NODE_RETRYING: Data<schema.NodeRetryingEvent>;
  NODE_SKIPPED: Data<schema.NodeSkippedEvent>;
  NODE_WAITING: Data<schema.NodeWaitingEvent>;
  NODE_STATUS_CHANGED: Data<schema.NodeStatusChangedEvent>;
  NODE_DEBUG_LOG_STRING: Data<schema.NodeDebugLogStringEvent>;
  NODE_PORT_RESOLVED: Data<schema.NodePortResolvedEvent>;
  NODE_OUTPUT_CHUNK: Data<schema.NodeOutputChunkEvent>;
  EDGE_TRANSFER_STARTED: Data<schema.EdgeTransferStartedEvent>;
  EDGE_TRANSFER_COMPLETED: Data<schema.EdgeTransferCompletedEvent>;
  EDGE_TRANSFER_FAILED: Data<schema.EdgeTransferFailedEvent>;
  CHILD_EXECUTION_SPAWNED: Data<schema.ChildExecutionSpawnedEvent>;
  CHILD_EXECUTION_COMPLETED: Data<schema.ChildExecutionCompletedEvent>;
  CHILD_EXECUTION_FAILED: Data<schema.ChildExecutionFailedEvent>;
  SIGNAL_RECEIVED: Data<schema.SignalReceivedEvent>;
  DEBUG_BREAKPOINT_HIT: Data<schema.DebugBreakpointHitEvent>;
}

export type Kind = keyof Kinds;
export type DataOf<K extends Kind> = Kinds[K];

/** One entry of a log; `at` is in milliseconds since 1970. A newer server may have kinds that are not known here. */
export type LogEvent = { [K in Kind]: { index: number; at: number; type: K; data: Kinds[K] } }[Kind];

/** What an event says of itself over GraphQL. */
export type WireEvent = Pick<schema.ExecutionEvent, "index" | "type" | "timestamp" | "data">;

export function logEvent({ index, type, timestamp, data }: WireEvent): LogEvent {
  return { index, at: Date.parse(timestamp), type, data } as LogEvent;
}

/** The node that an event is about; undefined if it is about none. */
export function nodeOf({ data }: LogEvent): string | undefined {
  if ("nodeId" in data) return data.nodeId;
  return "spawnedByNodeId" in data ? (data.spawnedByNodeId ?? undefined) : undefined;
}
