import { expect, test } from "vitest";
import type { LogEvent } from "../../fold/event";
import { Selection } from "./selection";

const event = (index: number, type: string, data: object) => ({ index, at: index, type, data }) as LogEvent;

const LOG = [
  event(-1, "EXECUTION_CREATED", { flowName: "A flow" }),
  event(0, "NODE_STARTED", { nodeId: "a", inputs: { who: "Ada" } }),
  event(1, "EDGE_TRANSFER_STARTED", { source: "a.x", target: "b.y" }),
  event(2, "NODE_STARTED", { nodeId: "b", inputs: {} }),
  event(3, "CHILD_EXECUTION_SPAWNED", { childExecutionId: "EX1", spawnedByNodeId: "b" }),
];

test.each([
  [{}, [-1, 0, 1, 2, 3]],
  [{ family: "NODE_" }, [0, 2]],
  [{ nodeId: "b" }, [1, 2, 3]],
  [{ text: "ada" }, [0]],
  [{ text: "spawned", nodeId: "b" }, [3]],
])("%j lets through %j", (filter, indices) => {
  const selection = new Selection({ family: "", nodeId: null, text: "", ...filter });
  expect(selection.upTo(9, LOG).map(({ index }) => index)).toEqual(indices);
});

test("a selection grows with its log, and shows any moment of it", () => {
  const selection = new Selection({ family: "NODE_", nodeId: null, text: "" });
  expect(selection.upTo(0, LOG.slice(0, 2))).toHaveLength(1);
  expect(selection.upTo(3, LOG)).toHaveLength(2);
  expect(selection.upTo(1, LOG)).toHaveLength(1);
  expect(selection.upTo(-2, LOG)).toHaveLength(0);
});
