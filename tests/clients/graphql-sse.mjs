/** graphql-sse with a connection for each operation, which leaves it to us to resume. */

import { createClient } from "graphql-sse";

import { follow } from "./follow.mjs";
import { journey } from "./journey.mjs";
import { asking, watching } from "./sinks.mjs";

await journey(({ url, through, lose }) => {
  const commands = createClient({ url, retryAttempts: 0 });
  const watch = watching(createClient({ url: through, retryAttempts: 0 }));
  return {
    ask: asking(commands),
    follow: (id, take) => follow(watch, id, take, lose),
    close: () => commands.dispose(),
  };
});
