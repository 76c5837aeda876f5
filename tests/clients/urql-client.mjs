/** urql over any exchange for subscriptions; queries and mutations go over HTTP. */

import { cacheExchange, Client, fetchExchange } from "urql";
import { onEnd, pipe, subscribe } from "wonka";

import { EXECUTION_EVENTS as EVENTS } from "./documents.mjs";
import { follow } from "./follow.mjs";

/** A traveller of the journey; `exchanges` carry its subscriptions, and `context` is theirs. */
export function urql({ url, lose }, exchanges, context) {
  const client = new Client({ url, exchanges: [cacheExchange, ...exchanges, fetchExchange], preferGetMethod: false });

  const watch = (variables, take) =>
    new Promise((resolve, reject) => {
      pipe(
        client.subscription(EVENTS, variables, context),
        onEnd(resolve),
        subscribe(({ data, error, hasNext }) => {
          if (error) reject(error);
          else if (hasNext) take(data.executionEvents); // at its end a subscription gives its last result once more
        }),
      );
    });

  const ask = async (text, variables) => {
    const { data, error } = text.startsWith("mutation")
      ? await client.mutation(text, variables)
      : await client.query(text, variables, { requestPolicy: "network-only" });
    if (error) throw error;
    return data;
  };

  return { ask, follow: (id, take) => follow(watch, id, take, lose), close() {} };
}
