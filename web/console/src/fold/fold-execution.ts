import type { ExecutionStatus } from "../api/generated/schema";
import type { Folds } from "./fold";
import { changeNode, closeSpan } from "./fold-nodes";
import type { Run } from "./run";

export const EXECUTION_FOLDS: Folds = {
  EXECUTION_CREATED(run, _data, at) {
    run.createdAt = at;
  },
  EXECUTION_RECOVERED(run, data, at) {
    run.lostWorkers = data.failureCount;
    run.workerId = data.workerId;
    for (const node of run.nodes.values())
      if (node.status === "EXECUTING" && run.topology.nodes.get(node.id)?.type !== "group")
        changeNode(run, node.id, { status: "READY", spans: closeSpan(node, at, "LOST") });
  },
  FLOW_STARTED(run, data, at) {
    run.status = "RUNNING";
    run.startedAt = at;
    run.workerId = data.workerId;
  },
  FLOW_COMPLETED(run, data, at) {
    run.outputs = data.outputs as Run["outputs"];
    end(run, "COMPLETED", at);
  },
  FLOW_FAILED(run, data, at) {
    run.error = data.error;
    end(run, "FAILED", at);
  },
  FLOW_CANCELLED(run, data, at) {
    run.reason = data.reason ?? null;
    end(run, "STOPPED", at);
  },
  FLOW_PAUSED(run, data) {
    run.status = "PAUSED";
    run.reason = data.reason ?? null;
    run.isDraining = true;
    run.isPausedByParent = data.byParent;
  },
  FLOW_DRAINED(run) {
    run.isDraining = false;
  },
  FLOW_RESUMED(run) {
    run.status = "RUNNING";
    run.reason = null;
    run.isDraining = run.isPausedByParent = false;
    run.halted = new Set();
  },
  DEBUG_BREAKPOINT_HIT(run, data) {
    run.status = "PAUSED";
    run.isDraining = true;
    run.halted = new Set([...run.halted, data.nodeId]);
  },
  BREAKPOINTS_SET(run, data) {
    run.breakpoints = new Set(data.nodeIds);
  },
};

function end(run: Run, status: ExecutionStatus, at: number): void {
  run.status = status;
  run.endedAt = at;
  for (const node of run.nodes.values())
    if (node.spans.at(-1)?.to === null) changeNode(run, node.id, { spans: closeSpan(node, at, null) });
}
