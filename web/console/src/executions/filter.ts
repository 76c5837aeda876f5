import type { ExecutionFilter, ExecutionStatus } from "../api/generated/schema";

export const STATUSES: readonly ExecutionStatus[] = ["CREATED", "RUNNING", "PAUSED", "COMPLETED", "FAILED", "STOPPED"];

/** How long ago executions may have been created, in hours, by what it is called. */
export const SPANS: readonly [string, string][] = [
  ["", "Any time"],
  ["1", "Last hour"],
  ["24", "Last day"],
  ["168", "Last week"],
];

const HOUR_MS = 3_600_000;

/** What is asked for, as the address has it. */
export interface Wanted {
  flowId: string | null;
  statuses: readonly ExecutionStatus[];
  /** `name=value`, separated by commas. */
  labels: string;
  hours: string;
  error: string;
}

export function wantedOf(parameters: URLSearchParams): Wanted {
  const text = (name: string) => parameters.get(name) ?? "";
  return {
    flowId: parameters.get("flow"),
    statuses: STATUSES.filter((status) => text("status").split(",").includes(status)),
    labels: text("labels"),
    hours: SPANS.some(([hours]) => hours === text("hours")) ? text("hours") : "",
    error: text("error"),
  };
}

export function parametersOf({ flowId, statuses, labels, hours, error }: Wanted): Record<string, string> {
  const all = { flow: flowId ?? "", status: statuses.join(), labels, hours, error };
  return Object.fromEntries(Object.entries(all).filter(([, text]) => text !== ""));
}

/** The filter of the API for it, as of a time in milliseconds since 1970; null lets everything through. */
export function filterOf({ flowId, statuses, labels, hours, error }: Wanted, now: number): ExecutionFilter | null {
  const filter: ExecutionFilter = {};
  if (flowId) filter.flowId = flowId;
  if (statuses.length > 0) filter.statuses = [...statuses];
  const pairs = labelsOf(labels);
  if (pairs.length > 0) filter.labels = pairs;
  if (hours) filter.createdAfter = new Date(now - Number(hours) * HOUR_MS).toISOString();
  if (error) filter.errorContains = error;
  return Object.keys(filter).length > 0 ? filter : null;
}

/** "team=billing, region=eu" as labels; what is not finished yet is left out. */
export function labelsOf(text: string): { name: string; value: string }[] {
  return text
    .split(",")
    .map((pair) => /^\s*([^=\s]+)\s*=\s*(.*\S)\s*$/.exec(pair))
    .flatMap((found) => (found ? [{ name: found[1]!, value: found[2]! }] : []));
}
