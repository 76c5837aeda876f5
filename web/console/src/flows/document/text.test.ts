import { expect, test } from "vitest";
import { jsonOf } from "./exact";
import { memberOf, read, write, type Syntax } from "./text";

const TEXT = `tidegate: 1
name: A flow
nodes:
  - {id: a, type: value.text}
  - id: b
    type: nope
    inputs:
      value: 1
`;

test.each([
  ["", 1],
  ["/name", 2],
  ["/nodes", 3],
  ["/nodes/0/type", 4],
  ["/nodes/1", 5],
  ["/nodes/1/type", 6],
  ["/nodes/1/inputs/value", 8],
  ["/nodes/1/inputs/missing", 7],
  ["/nodes/9", 3],
  ["/edges/0", 1],
])("the line of %j is %d", (pointer, line) => {
  expect(read(TEXT).lineOf(pointer)).toBe(line);
});

test.each<Syntax>(["YAML", "JSON"])("what is written as %s is read as the same, numbers to the letter", (syntax) => {
  const json =
    '{"nodes": [{"id": "a", "inputs": {"value": "no", "s": "2.0", "a/b": [null, true, 2.0, -0.0, 1e16, 9007199254740993]}}], "edges": []}';
  const text = write(read(json).value!, syntax);
  expect(jsonOf(read(text).value!)).toBe(json);
  expect(read(text).lineOf("/nodes/0/inputs/a~1b")).toBeGreaterThan(3);
});

test("what stands in an answer is taken as it is written", () => {
  expect(jsonOf(memberOf('{"data": {"flow": {"document": {"value": 2.0}}}}', ["data", "flow", "document"]))).toBe(
    '{"value": 2.0}',
  );
});

test("a text whose aliases make too much of it is refused", () => {
  const lines = Array.from(
    { length: 9 },
    (_, i) =>
      `k${i}: &k${i} [${Array(10)
        .fill(i ? `*k${i - 1}` : "x")
        .join(", ")}]`,
  );
  expect(read(lines.join("\n")).flaws[0]!.message).toContain("too many values");
});

test("a text that cannot be read has a flaw with its line and no value", () => {
  const { value, flaws } = read("name: a\nnodes: [\n");
  expect(value).toBe(undefined);
  expect(flaws[0]!.line).toBeGreaterThan(1);
});
