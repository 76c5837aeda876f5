/**
 * Runs tools over folders that have a `schema.graphql`, operations in `documents` and Relay's modules in `relay`.
 * The argument is a JSON file with a list of `{ name, tool, folder }`; prints the problems by name.
 */

import { readFileSync } from "node:fs";

import { lintOperations, lintSchema } from "./lint.mjs";
import { relay } from "./relay.mjs";
import { types } from "./types.mjs";
import { validate } from "./validate.mjs";

const TOOLS = { schema: lintSchema, operations: lintOperations, validate, types, relay };

const found = {};
for (const { name, tool, folder } of JSON.parse(readFileSync(process.argv[2], "utf8"))) {
  found[name] = await TOOLS[tool](folder);
}
console.log(JSON.stringify(found));
