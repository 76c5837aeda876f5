import { expect, test } from "vitest";
import { membersOf, readAll, type Control } from "./fields";
import { inputsOf } from "./flow-inputs";

function field(schema: unknown, initial?: unknown, required = true) {
  const node = { id: "", nodeId: "i", type: "flow.input", title: null, parentNodeId: null };
  const inputs = initial === undefined ? { name: "x" } : { name: "x", default: initial };
  return inputsOf({ inputs: [{ name: "x", schema, required }], nodes: [{ ...node, inputs }] })[0]!;
}

test.each<[unknown, Control]>([
  [{ type: "string" }, "text"],
  [{ type: "integer" }, "integer"],
  [{ type: "number" }, "number"],
  [{ type: "boolean" }, "boolean"],
  [{ enum: ["a", 1] }, "choice"],
  [{ type: "string", enum: ["a"] }, "choice"],
  [{ type: ["string", "null"] }, "json"],
  [{ type: "object" }, "json"],
  [{}, "json"],
])("the schema %j asks for the control %s", (schema, control) => {
  expect(field(schema).control).toBe(control);
});

test.each([
  [{ type: "string" }, "5", "5"],
  [{ type: "integer" }, " 7 ", 7],
  [{ type: "number" }, "2.5", 2.5],
  [{ type: "boolean" }, "false", false],
  [{ enum: ["a", 1] }, '"a"', "a"],
  [{}, '{"a": [1]}', { a: [1] }],
])("with the schema %j, %j is read as %j", (schema, text, value) => {
  expect(readAll([field(schema)], { x: text })).toEqual({ values: { x: value }, problems: {} });
});

test.each([
  [{ type: "integer" }, "2.5"],
  [{ type: "number" }, "two"],
  [{}, "{"],
  [{ type: "number" }, ""],
])("with the schema %j, %j is refused", (schema, text) => {
  const { values, problems } = readAll([field(schema)], { x: text });
  expect([values, Object.keys(problems)]).toEqual([{}, ["x"]]);
});

test("a field starts with the default of the document, and what is left empty is left out", () => {
  expect(field({ type: "number" }, 20).initial).toBe("20");
  expect(field({ type: "string" }, "so").initial).toBe("so");
  expect(field({ type: "string" }).initial).toBe("");
  expect(readAll([field({ type: "number" }, 20, false)], { x: "" })).toEqual({ values: {}, problems: {} });
  expect(readAll([field({ type: "string" })], { x: "" })).toEqual({ values: { x: "" }, problems: {} });
});

test("an object with properties is a field for each of them, and anything else is none", () => {
  const properties = { approved: { type: "boolean" }, by: { type: "string", default: "Ada" } };
  const fields = membersOf({ type: "object", properties, required: ["approved"] });
  expect(fields?.map(({ name, control, isRequired, initial }) => [name, control, isRequired, initial])).toEqual([
    ["approved", "boolean", true, ""],
    ["by", "text", false, "Ada"],
  ]);
  expect([membersOf({ type: "object" }), membersOf({ type: "string" }), membersOf(null)]).toEqual([null, null, null]);
});
