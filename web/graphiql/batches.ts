import type { ExecutionResult } from "graphql";

type Fields = Record<string, unknown>;

/** How many members of a list are kept; a log can have more than an editor can show. */
const KEPT = 1000;

/** The result of a subscription with the lists of those before it put before its own, as in batches of events. */
export function joined(before: ExecutionResult | undefined, next: ExecutionResult): ExecutionResult {
  if (!before?.data || !next.data) return next;
  const earlier = before.data as Fields;
  return { ...next, data: mapped(next.data as Fields, (value, name) => joinFields(earlier[name], value)) };
}

function joinFields(before: unknown, next: unknown): unknown {
  if (!isFields(before) || !isFields(next)) return next;
  return mapped(next, (value, name) => {
    const earlier = before[name];
    return Array.isArray(value) && Array.isArray(earlier) ? [...earlier, ...value].slice(-KEPT) : value;
  });
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function mapped(fields: Fields, change: (value: unknown, name: string) => unknown): Fields {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, change(value, name)]));
}
