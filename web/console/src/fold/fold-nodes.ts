import type { NodeStatus } from "../api/generated/schema";
import type { Folds } from "./fold";
import { closePorts, resolve } from "./fold-edges";
import type { NodeRecord, Run, Span, Values, Wait } from "./run";

export const NODE_FOLDS: Folds = {
  NODE_STARTED(run, data, at) {
    change(run, data.nodeId, (node) => ({
      status: "EXECUTING",
      attempt: data.attempt,
      inputs: data.inputs as Values,
      startedAt: at,
      wait: null,
      spans: [...closeSpan(node, at, null), begin("attempt", data.attempt, at)],
      outputs: {},
      streams: {},
      spawned: 0,
      returned: 0,
    }));
  },
  NODE_COMPLETED(run, data, at) {
    const outputs = data.outputs as Values;
    endNode(run, data.nodeId, "COMPLETED", at, (node) => ({ outputs: { ...node.outputs, ...outputs } }));
    for (const port of Object.keys(outputs)) resolve(run, data.nodeId, port);
    resolve(run, data.nodeId, "__success");
    closePorts(run, data.nodeId);
  },
  NODE_FAILED(run, data, at) {
    endNode(run, data.nodeId, "FAILED", at, () => ({ error: data.error, attempt: data.attempt }));
    if (data.error.code !== "CANCELLED") run.failedNodes += 1;
    resolve(run, data.nodeId, "__error");
    resolve(run, data.nodeId, "__errorMessage");
    closePorts(run, data.nodeId);
  },
  NODE_SKIPPED(run, data, at) {
    const skipped = { reason: data.reason ?? null, causedBy: data.causedBy };
    endNode(run, data.nodeId, "SKIPPED", at, () => ({ skipped }));
    closePorts(run, data.nodeId);
  },
  NODE_RETRYING(run, data, at) {
    const wait = { ...nothingAwaited(at), until: at + Math.round(data.delay), isRetry: true };
    change(run, data.nodeId, (node) => ({
      status: "WAITING",
      retries: node.retries + 1,
      error: data.error,
      outputs: {},
      wait,
      spans: [...closeSpan(node, at, "FAILED"), begin("retry", data.attempt, at)],
    }));
  },
  NODE_WAITING(run, data, at) {
    const wait: Wait = {
      ...nothingAwaited(at),
      until: data.until ? Date.parse(data.until) : null,
      signal: data.signalName ?? null,
      children: data.childCount ?? null,
    };
    change(run, data.nodeId, (node) => ({
      status: "WAITING",
      wait,
      spans: [...closeSpan(node, at, "WAITING"), begin("wait", node.attempt, at)],
    }));
  },
  NODE_PORT_RESOLVED(run, data) {
    change(run, data.nodeId, (node) => ({ outputs: { [data.port]: data.value, ...node.outputs } }));
    resolve(run, data.nodeId, data.port);
  },
  NODE_OUTPUT_CHUNK(run, data) {
    change(run, data.nodeId, (node) => {
      const pieces = node.streams[data.port]?.pieces ?? [];
      // By their places, because a run that is folded anew shares the pieces with the one that it is a copy of. Pieces
      // that are too large for the event stand in the place of the first of them.
      const chunk = Array.isArray(data.chunk) ? data.chunk : [data.chunk];
      chunk.forEach((piece, offset) => (pieces[data.sequence + offset] = piece));
      return { streams: { ...node.streams, [data.port]: { pieces, length: data.sequence + data.count } } };
    });
  },
};

/** Puts another record in the place of a node's. */
export function changeNode(run: Run, id: string, changes: Partial<NodeRecord>): void {
  const node = run.nodes.get(id);
  if (node) run.nodes.set(id, { ...node, ...changes });
}

function change(run: Run, id: string, changes: (node: NodeRecord) => Partial<NodeRecord>): void {
  const node = run.nodes.get(id);
  if (node) run.nodes.set(id, { ...node, ...changes(node) });
}

function endNode(
  run: Run,
  id: string,
  status: NodeStatus,
  at: number,
  changes: (node: NodeRecord) => Partial<NodeRecord>,
): void {
  change(run, id, (node) => ({
    ...changes(node),
    status,
    completedAt: at,
    wait: null,
    spans: closeSpan(node, at, status),
  }));
}

const begin = (kind: Span["kind"], attempt: number, from: number): Span => ({
  kind,
  attempt,
  from,
  to: null,
  outcome: null,
});

/** A node's spans with the last one ended, if it has not been. */
export function closeSpan(node: NodeRecord, to: number, outcome: Span["outcome"]): readonly Span[] {
  const last = node.spans.at(-1);
  return last && last.to === null ? [...node.spans.slice(0, -1), { ...last, to, outcome }] : node.spans;
}

const nothingAwaited = (since: number): Wait => ({ since, until: null, signal: null, children: null, isRetry: false });
