import type { NodeRecord, Run } from "../../fold/run";

/** The nodes that wait for a signal. */
export function signalWaits(run: Run): NodeRecord[] {
  return [...run.nodes.values()].filter(({ wait }) => wait !== null && wait.signal !== null);
}

/** What the document says of the signal that a node waits for: a JSON Schema, or null. */
export const signalSchema = (run: Run, nodeId: string): unknown =>
  run.topology.nodes.get(nodeId)?.constants.schema ?? null;
