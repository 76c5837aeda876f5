import { expect, test } from "vitest";
import { logEvent } from "../../fold/event";
import type { ExecutionEventType } from "../../api/generated/schema";
import { Forest } from "./forest";

function grown(...events: [number, string, ExecutionEventType, object][]): Forest {
  const forest = new Forest("root");
  events.forEach(([level, id, type, data], index) =>
    forest.take(level, id, logEvent({ index, type, timestamp: "2026-01-01T00:00:00.000Z", data })),
  );
  return forest;
}

const spawned = (childExecutionId: string) => ({ childExecutionId, spawnedByNodeId: "map", eventName: null });

const GROWN = grown(
  [0, "root", "FLOW_STARTED", {}],
  [0, "root", "CHILD_EXECUTION_SPAWNED", spawned("a")],
  [1, "a", "EXECUTION_CREATED", { flowName: "Child" }],
  [1, "a", "FLOW_STARTED", {}],
  [0, "root", "CHILD_EXECUTION_SPAWNED", spawned("b")],
  [1, "a", "CHILD_EXECUTION_SPAWNED", spawned("a1")],
  [2, "a1", "FLOW_FAILED", { error: { message: "No." } }],
  [1, "b", "FLOW_CANCELLED", {}],
);

test("a tree has each parent before its children, in the order in which they were spawned", () => {
  const rows = GROWN.visible(new Set());
  expect(rows.map(({ id, level, status }) => [id, level, status])).toEqual([
    ["root", 0, "RUNNING"],
    ["a", 1, "RUNNING"],
    ["a1", 2, "FAILED"],
    ["b", 1, "STOPPED"],
  ]);
  expect(rows.map(({ flowName, error }) => flowName || error)).toEqual([null, "Child", "No.", null]);
});

test("what is below a folded execution does not show", () => {
  expect(GROWN.visible(new Set(["a"])).map(({ id }) => id)).toEqual(["root", "a", "b"]);
});
