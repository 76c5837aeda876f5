/** urql with subscriptions as server-sent events over HTTP. */

import { journey } from "./journey.mjs";
import { urql } from "./urql-client.mjs";

await journey((service) => urql(service, [], { url: service.through, fetchSubscriptions: true }));
