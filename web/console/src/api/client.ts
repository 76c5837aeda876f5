import { cacheExchange, createClient, fetchExchange, mapExchange, type Client } from "@urql/core";
import { credentials, deny } from "./access";
import { problemOf } from "./problem";

/** Asks and commands; what is followed goes over the socket in follow.ts. */
export function makeClient(): Client {
  return createClient({
    url: "/graphql",
    preferGetMethod: false,
    exchanges: [mapExchange({ onError: noteDenial }), cacheExchange, fetchExchange],
    fetchOptions: () => ({ headers: credentials() }),
    requestPolicy: "cache-and-network",
  });
}

function noteDenial(error: unknown): void {
  if (problemOf(error).code === "UNAUTHENTICATED") deny();
}
