import { expect, test } from "vitest";
import { quantileOf, readMetrics, valueOf } from "./metrics";

const METRICS = readMetrics(`
# HELP tidegate_workers Workers that are entered.
# TYPE tidegate_workers gauge
tidegate_workers 2.0
tidegate_executions{status="running"} 3.0
tidegate_executions{status="failed"} 1.0
lag_bucket{le="0.01"} 50.0
lag_bucket{le="0.1"} 99.0
lag_bucket{le="+Inf"} 100.0
none_bucket{le="+Inf"} 0.0
`);

test("what is measured is read with its words and labels", () => {
  expect(METRICS.help.get("tidegate_workers")).toBe("Workers that are entered.");
  expect(valueOf(METRICS, "tidegate_workers")).toBe(2);
  expect(valueOf(METRICS, "tidegate_executions")).toBe(4);
  expect(valueOf(METRICS, "odd")).toBe(null);
  expect(METRICS.samples[1]).toEqual({ name: "tidegate_executions", labels: { status: "running" }, value: 3 });
});

test.each([
  [0.5, 0.01],
  [0.99, 0.1],
  [1, Infinity],
])("the share %d of a histogram is below %d", (share, limit) => {
  expect(quantileOf(METRICS, "lag", share)).toBe(limit);
  expect(quantileOf(METRICS, "none", share)).toBe(null);
});
