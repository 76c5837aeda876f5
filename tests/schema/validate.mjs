/** GraphQL Inspector: operations against the schema, also for what is deprecated. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { validate as inspect } from "@graphql-inspector/core";
import { buildSchema, Source } from "graphql";

export async function validate(folder) {
  const schema = buildSchema(readFileSync(join(folder, "schema.graphql"), "utf8"));
  const documents = join(folder, "documents");
  const sources = readdirSync(documents).map((name) => new Source(readFileSync(join(documents, name), "utf8"), name));
  const invalid = await inspect(schema, sources, { strictDeprecated: true, strictFragments: true });
  return invalid.flatMap(({ source, errors, deprecated }) =>
    [...errors, ...deprecated].map(({ message }) => `${source.name}: ${message}`),
  );
}
