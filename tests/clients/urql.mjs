/** urql with graphql-ws for its subscriptions. */

import { createClient } from "graphql-ws";
import { subscriptionExchange } from "urql";
import WebSocket from "ws";

import { journey, socketUrl } from "./journey.mjs";
import { urql } from "./urql-client.mjs";

await journey((service) => {
  // Node has a WebSocket of its own only from 22 on.
  const sockets = createClient({ url: socketUrl(service.through), webSocketImpl: WebSocket, retryAttempts: 0 });
  const exchange = subscriptionExchange({
    forwardSubscription: (operation) => ({
      subscribe: (sink) => ({ unsubscribe: sockets.subscribe(operation, sink) }),
    }),
  });
  return urql(service, [exchange]);
});
