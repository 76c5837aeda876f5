import { CombinedError } from "@urql/core";

interface GraphQLProblem {
  message: string;
  extensions?: Record<string, unknown> | undefined;
}

/** Why something could not be read or done, for people. */
export interface Problem {
  /** The error code of the API; UNREACHABLE if there was no answer. */
  readonly code: string;
  readonly message: string;
  /** The input that is wrong, dotted, if it is one. */
  readonly field?: string | undefined;
}

const UNREACHABLE: Problem = { code: "UNREACHABLE", message: "The server cannot be reached." };
/** How sockets are closed to callers that are not let in. */
const DENIED = new Set([4401, 4403]);

/** Reads what urql, or a subscription, gives for an error. */
export function problemOf(error: unknown): Problem {
  if (error instanceof CombinedError) return ofGraphQL(error.graphQLErrors[0]) ?? UNREACHABLE;
  if (Array.isArray(error)) return ofGraphQL(error[0]) ?? UNREACHABLE;
  if (error instanceof CloseEvent && DENIED.has(error.code)) return { code: "UNAUTHENTICATED", message: error.reason };
  return UNREACHABLE;
}

function ofGraphQL(error: GraphQLProblem | undefined): Problem | null {
  if (!error) return null;
  const { code = "INTERNAL_SERVER_ERROR", field } = error.extensions ?? {};
  return { code: String(code), message: error.message, field: field === undefined ? undefined : String(field) };
}

/** Whether to ask again later may help. */
export function mayPass({ code }: Problem): boolean {
  return code === "UNREACHABLE" || code === "RATE_LIMITED" || code === "INTERNAL_SERVER_ERROR";
}
