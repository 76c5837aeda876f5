/** graphql-ws, which connects and subscribes again by itself. */

import { createClient } from "graphql-ws";
import WebSocket from "ws";

import { journey, socketUrl } from "./journey.mjs";
import { asking, followingByItself } from "./sinks.mjs";

await journey(({ url, through, lose }) => {
  const commands = createClient({ url: socketUrl(url), webSocketImpl: WebSocket, retryAttempts: 0 });
  const watching = createClient({
    url: socketUrl(through),
    webSocketImpl: WebSocket,
    retryWait: () => lose(new Error("graphql-ws has lost its connection")),
  });
  return { ask: asking(commands), follow: followingByItself(watching), close: () => commands.dispose() };
});
