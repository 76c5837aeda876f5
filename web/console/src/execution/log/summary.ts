import { counted, duration } from "../../design/words";
import { nodeOf, type LogEvent } from "../../fold/event";
import type { Topology } from "../../fold/topology";

/** What an event says, on one line. */
export function summary(event: LogEvent, topology: Topology): string {
  const { data } = event;
  switch (event.type) {
    case "EXECUTION_RECOVERED":
      return `${event.data.workerId} took over from ${event.data.previousWorkerId ?? "another worker"}`;
    case "FLOW_STARTED":
      return `by ${event.data.workerId}`;
    case "FLOW_COMPLETED":
      return `after ${duration(event.data.executionTime)}`;
    case "FLOW_FAILED":
      return event.data.error.message;
    case "FLOW_CANCELLED":
    case "FLOW_PAUSED":
      return event.data.reason ?? "";
    case "BREAKPOINTS_SET":
      return event.data.nodeIds.map((id) => topology.title(id)).join(", ") || "none";
    case "NODE_STARTED":
      return `attempt ${event.data.attempt}`;
    case "NODE_COMPLETED":
      return event.data.attempt === 0 ? "taken over" : `after ${duration(event.data.executionTime)}`;
    case "NODE_FAILED":
      return event.data.error.message;
    case "NODE_RETRYING":
      return `again in ${duration(event.data.delay)}: ${event.data.error.message}`;
    case "NODE_SKIPPED":
      return event.data.reason ?? "";
    case "NODE_WAITING":
      return waited(event.data);
    case "NODE_STATUS_CHANGED":
      return `${event.data.oldStatus} → ${event.data.newStatus}`;
    case "NODE_DEBUG_LOG_STRING":
      return event.data.log;
    case "NODE_PORT_RESOLVED":
      return `${event.data.port} = ${JSON.stringify(event.data.value)}`;
    case "NODE_OUTPUT_CHUNK":
      return `${event.data.port}[${event.data.sequence}] ${JSON.stringify(event.data.chunk)}`;
    case "EDGE_TRANSFER_STARTED":
    case "EDGE_TRANSFER_COMPLETED":
    case "EDGE_TRANSFER_FAILED":
      return `${event.data.source} → ${event.data.target}`;
    case "CHILD_EXECUTION_SPAWNED":
    case "CHILD_EXECUTION_COMPLETED":
      return [event.data.childExecutionId, event.data.eventName].filter(Boolean).join(" for ");
    case "CHILD_EXECUTION_FAILED":
      return `${event.data.childExecutionId}: ${event.data.error.message}`;
    case "SIGNAL_RECEIVED":
      return [event.data.signalName, event.data.accepted ? "" : `refused: ${event.data.reason}`]
        .filter(Boolean)
        .join(" ");
    default:
      return nodeOf(event) ? "" : Object.keys(data).length > 0 ? JSON.stringify(data) : "";
  }
}

function waited({
  until,
  signalName,
  childCount,
}: {
  until?: string | null;
  signalName?: string | null;
  childCount?: number | null;
}): string {
  if (signalName) return `for the signal “${signalName}”`;
  if (childCount) return `for ${counted(childCount, "child", "children")}`;
  return until ? `until ${until}` : "";
}

export type Tone = "good" | "bad" | "waiting" | "paused" | "running" | "off";

const TONES: [RegExp, Tone][] = [
  [/_FAILED$|_CANCELLED$/, "bad"],
  [/_COMPLETED$/, "good"],
  [/_RETRYING$|_WAITING$|RECOVERED$/, "waiting"],
  [/PAUSED$|STEPPED$|DRAINED$|BREAKPOINT|RESUMED$/, "paused"],
  [/_STARTED$|_SPAWNED$|SIGNAL/, "running"],
];

/** The colour of a kind of event. */
export function toneOf(type: string): Tone {
  if (type.startsWith("EDGE_") && type !== "EDGE_TRANSFER_FAILED") return "off";
  return TONES.find(([kinds]) => kinds.test(type))?.[1] ?? "off";
}
