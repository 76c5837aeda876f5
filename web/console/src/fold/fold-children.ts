import type { Folds } from "./fold";
import { changeNode } from "./fold-nodes";
import type { ChildRecord, Run } from "./run";

export const CHILD_FOLDS: Folds = {
  CHILD_EXECUTION_SPAWNED(run, data, at) {
    const nodeId = data.spawnedByNodeId ?? null;
    run.children.set(data.childExecutionId, {
      id: data.childExecutionId,
      nodeId,
      eventName: data.eventName ?? null,
      status: "RUNNING",
      spawnedAt: at,
      endedAt: null,
      error: null,
    });
    const node = nodeId && run.nodes.get(nodeId);
    if (node) changeNode(run, node.id, { spawned: node.spawned + 1 });
  },
  CHILD_EXECUTION_COMPLETED(run, data, at) {
    childEnded(run, data.childExecutionId, { status: "COMPLETED", endedAt: at });
  },
  CHILD_EXECUTION_FAILED(run, data, at) {
    childEnded(run, data.childExecutionId, { status: "FAILED", endedAt: at, error: data.error });
  },
};

function childEnded(run: Run, id: string, changes: Partial<ChildRecord>): void {
  const child = run.children.get(id);
  if (!child) return;
  run.children.set(id, { ...child, ...changes });
  const node = child.nodeId && run.nodes.get(child.nodeId);
  if (node) changeNode(run, node.id, { returned: node.returned + 1 });
}
