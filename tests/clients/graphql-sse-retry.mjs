/** graphql-sse with a connection for each operation, which connects and subscribes again by itself. */

import { createClient } from "graphql-sse";

import { journey } from "./journey.mjs";
import { asking, followingByItself } from "./sinks.mjs";

await journey(({ url, through, lose }) => {
  const commands = createClient({ url, retryAttempts: 0 });
  const watching = createClient({ url: through, retry: () => lose(new Error("graphql-sse has lost its connection")) });
  return { ask: asking(commands), follow: followingByItself(watching), close: () => commands.dispose() };
});
