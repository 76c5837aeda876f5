/** graphql-ws, which leaves it to us to resume. */

import { createClient } from "graphql-ws";
import WebSocket from "ws";

import { follow } from "./follow.mjs";
import { journey, socketUrl } from "./journey.mjs";
import { asking, watching } from "./sinks.mjs";

// Node has a WebSocket of its own only from 22 on.
const connected = (url) => createClient({ url: socketUrl(url), webSocketImpl: WebSocket, retryAttempts: 0 });

await journey(({ url, through, lose }) => {
  const commands = connected(url);
  const watch = watching(connected(through));
  return {
    ask: asking(commands),
    follow: (id, take) => follow(watch, id, take, lose),
    close: () => commands.dispose(),
  };
});
