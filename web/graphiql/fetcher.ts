import type { Fetcher, FetcherParams } from "@graphiql/toolkit";
import { Kind, parse, type OperationDefinitionNode } from "graphql";
import { remember } from "./ids";
import { streams } from "./streams";

export type Headers = Record<string, string>;

const ACCEPTED = "application/graphql-response+json, application/json;q=0.9";

/** Sends what GraphiQL runs: subscriptions over a WebSocket, everything else by POST. */
export const fetcher: Fetcher = (params, options) => {
  const headers: Headers = options?.headers ?? {};
  const operation = chosen(params);
  // Right after a change of tabs GraphiQL still gives the name of the other tab's operation.
  const named = operation ? { ...params, operationName: operation.name?.value ?? null } : params;
  return operation?.operation === "subscription" ? streams.open(named, headers) : post(named, headers);
};

/** The operation that is meant: the only one, or that of the name; none if the server has to say what is wrong. */
function chosen({ query, operationName }: FetcherParams): OperationDefinitionNode | undefined {
  try {
    const all = parse(query).definitions.filter((definition) => definition.kind === Kind.OPERATION_DEFINITION);
    return all.length === 1 ? all[0] : all.find((operation) => operation.name?.value === operationName);
  } catch {
    return undefined;
  }
}

async function post(params: FetcherParams, headers: Headers) {
  const response = await fetch("/graphql", {
    method: "POST",
    headers: { "content-type": "application/json", accept: ACCEPTED, ...headers },
    body: JSON.stringify(params),
  });
  const text = await response.text();
  if (!/json/.test(response.headers.get("content-type") ?? "")) throw new Error(`${response.status}: ${text}`);
  const result = JSON.parse(text);
  remember(result.data);
  return result;
}
