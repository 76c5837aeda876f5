import { statusText } from "../../design/Status";
import { counted, duration, number } from "../../design/words";
import type { NodeRecord } from "../../fold/run";

/** In a few words, where a node stands at a moment, in milliseconds since 1970. */
export function standing(node: NodeRecord, now: number): string {
  const tries = node.attempt > 1 ? ` · attempt ${node.attempt}` : "";
  const took =
    node.startedAt === null || node.completedAt === null ? null : duration(node.completedAt - node.startedAt);
  switch (node.status) {
    case "EXECUTING":
      return `${duration(now - (node.startedAt ?? now))}${tries}`;
    case "WAITING":
      return waiting(node, now);
    case "COMPLETED":
      return node.attempt === 0 ? "Taken over" : `${took}${tries}`;
    case "FAILED":
      return node.error?.message ?? "Failed";
    default:
      return statusText(node.status);
  }
}

function waiting({ wait, attempt, spawned, returned }: NodeRecord, now: number): string {
  if (!wait) return "Waiting";
  const left = wait.until === null ? "" : `${duration(wait.until - now)} left`;
  if (wait.isRetry) return `Attempt ${attempt + 1} · ${left}`;
  if (wait.signal !== null) return left ? `Signal · ${left}` : `Signal “${wait.signal}”`;
  if (wait.children !== null) return `${number(returned)} of ${counted(wait.children, "child", "children")}`;
  return left || counted(spawned, "child", "children");
}

/** What a waiting node waits for, in a sentence. */
export function awaited({ wait, attempt, returned }: NodeRecord, now: number): string {
  if (!wait) return "";
  const left = wait.until === null ? null : duration(wait.until - now);
  if (wait.isRetry) return `Attempt ${attempt + 1}, which begins in ${left}.`;
  if (wait.signal !== null) return `The signal “${wait.signal}”${left === null ? "" : `, for ${left} at most`}.`;
  if (wait.children !== null) return `Its children: ${number(returned)} of ${number(wait.children)} have ended.`;
  return left === null ? "Its children." : `Its time, which comes in ${left}.`;
}

/** How far a wait has come, from 0 to 1; null if that cannot be told. */
export function progress({ wait, returned }: NodeRecord, now: number): number | null {
  if (!wait) return null;
  if (wait.children) return returned / wait.children;
  if (wait.until === null) return null;
  const whole = wait.until - wait.since;
  return whole > 0 ? Math.min(1, Math.max(0, (now - wait.since) / whole)) : 1;
}
