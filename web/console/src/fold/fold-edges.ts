import type { Folds } from "./fold";
import type { Run } from "./run";

/** An event of an edge is recorded on demand only; that a value was carried follows from the outputs of its source. */
export const EDGE_FOLDS: Folds = {
  EDGE_TRANSFER_FAILED(run, data) {
    run.edges.set(`${data.source}>${data.target}`, "FAILED");
  },
};

/** Notes that a port has its value. */
export function resolve(run: Run, nodeId: string, port: string): void {
  for (const edge of run.topology.from(nodeId)) if (edge.sourcePort === port) run.edges.set(edge.id, "CARRIED");
}

/** Notes that what an ended node has not given never comes. */
export function closePorts(run: Run, nodeId: string): void {
  for (const edge of run.topology.from(nodeId)) if (!run.edges.has(edge.id)) run.edges.set(edge.id, "DEAD");
}
