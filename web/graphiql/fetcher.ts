import type { Fetcher, FetcherParams } from "@graphiql/toolkit";
import { getOperationAST, parse } from "graphql";
import { remember } from "./ids";
import { streams } from "./streams";

export type Headers = Record<string, string>;

const ACCEPTED = "application/graphql-response+json, application/json;q=0.9";

/** Sends what GraphiQL runs: subscriptions over a WebSocket, everything else by POST. */
export const fetcher: Fetcher = (params, options) => {
  const headers: Headers = options?.headers ?? {};
  return streams.isResuming || isSubscription(params) ? streams.open(params, headers) : post(params, headers);
};

function isSubscription({ query, operationName }: FetcherParams): boolean {
  try {
    return getOperationAST(parse(query), operationName)?.operation === "subscription";
  } catch {
    return false; // The server says what is wrong with it.
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
