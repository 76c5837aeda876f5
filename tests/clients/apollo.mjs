/** Apollo Client with its link for graphql-ws. */

import { GraphQLWsLink } from "@apollo/client/link/subscriptions";
import { createClient } from "graphql-ws";
import WebSocket from "ws";

import { apollo } from "./apollo-client.mjs";
import { journey, socketUrl } from "./journey.mjs";

// Node has a WebSocket of its own only from 22 on, and the link takes the global one for granted when it is lost.
globalThis.WebSocket ??= WebSocket;

await journey((service) => {
  const sockets = createClient({ url: socketUrl(service.through), retryAttempts: 0 });
  return apollo(service, new GraphQLWsLink(sockets));
});
