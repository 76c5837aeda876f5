/** What graphql-ws and graphql-sse have in common: `client.subscribe({ query, variables }, sink)`. */

import { EXECUTION_EVENTS } from "./documents.mjs";

/** Sinks are given errors, lists of GraphQL errors, and the events of a WebSocket. */
function asError(reason) {
  if (reason instanceof Error) return reason;
  if (Array.isArray(reason)) return new Error(JSON.stringify(reason));
  return reason.error ?? new Error(`The socket was closed: ${reason.code} ${reason.reason}`);
}

/** Run an operation; calls `take` with the data of each result, and returns when it completes. */
function run(client, query, variables, take) {
  return new Promise((resolve, reject) => {
    client.subscribe(
      { query, variables },
      {
        next: ({ data, errors }) => (errors ? reject(asError(errors)) : take(data)),
        error: (reason) => reject(asError(reason)),
        complete: resolve,
      },
    );
  });
}

/** Gives the data of queries and mutations. */
export const asking = (client) => async (query, variables) => {
  let answer;
  await run(client, query, variables, (data) => {
    answer = data;
  });
  return answer;
};

/** Subscribes to the events of an execution. */
export const watching = (client) => (variables, take) =>
  run(client, EXECUTION_EVENTS, variables, (data) => take(data.executionEvents));

/**
 * Follows an execution with a client that connects again by itself: it sends the same variables again, so their index
 * is read when they are sent.
 */
export const followingByItself = (client) => (id, take) => {
  let fromIndex = -1;
  const variables = {
    id,
    get fromIndex() {
      return fromIndex;
    },
  };
  return watching(client)(variables, (batch) => {
    fromIndex = batch.nextIndex;
    take(batch);
  });
};
