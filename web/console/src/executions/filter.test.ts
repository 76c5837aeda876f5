import { expect, test } from "vitest";
import { filterOf, labelsOf, parametersOf, wantedOf } from "./filter";

const NOW = Date.parse("2026-01-02T00:00:00.000Z");

test.each([
  ["", null],
  ["status=RUNNING,FAILED,ODD", { statuses: ["RUNNING", "FAILED"] }],
  ["flow=FL1&labels=team=billing", { flowId: "FL1", labels: [{ name: "team", value: "billing" }] }],
  ["hours=24", { createdAfter: "2026-01-01T00:00:00.000Z" }],
  ["hours=odd&error=no%20such", { errorContains: "no such" }],
])("the address %j asks for %j, and stays the same", (address, filter) => {
  const wanted = wantedOf(new URLSearchParams(address));
  expect(filterOf(wanted, NOW)).toEqual(filter);
  expect(wantedOf(new URLSearchParams(parametersOf(wanted)))).toEqual(wanted);
});

test.each([
  ["team=billing, region = eu ", ["team:billing", "region:eu"]],
  ["team=a=b", ["team:a=b"]],
  ["team, =x, y=", []],
])("of %j come the labels %j", (text, labels) => {
  expect(labelsOf(text).map(({ name, value }) => `${name}:${value}`)).toEqual(labels);
});
