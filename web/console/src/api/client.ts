import { cacheExchange, createClient, fetchExchange, mapExchange, type Client } from "@urql/core";
import { credentials, noteRefusal } from "./access";
import { problemOf } from "./problem";

/** Asks and commands with a token; what is followed goes over the socket in follow.ts. */
export function makeClient(token: string | null): Client {
  return createClient({
    url: "/graphql",
    preferGetMethod: false,
    exchanges: [mapExchange({ onError: (error) => noteRefusal(problemOf(error), token) }), cacheExchange, fetchExchange],
    fetchOptions: () => ({ headers: credentials(token) }),
    requestPolicy: "cache-and-network",
  });
}
