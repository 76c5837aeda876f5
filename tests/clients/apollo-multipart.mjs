/** Apollo Client with subscriptions as multipart answers over HTTP. */

import { HttpLink } from "@apollo/client";

import { apollo } from "./apollo-client.mjs";
import { journey } from "./journey.mjs";

await journey((service) => apollo(service, new HttpLink({ uri: service.through })));
