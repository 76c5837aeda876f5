/** ESLint with the rules for GraphQL: those for a schema that Relay can use, and those for operations. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import plugin from "@graphql-eslint/eslint-plugin";
import { Linter } from "eslint";

// The plugin keeps the first schema that it sees for the whole process, but not in tests.
process.env.NODE_ENV = "test";

const recommended = (name) => plugin.configs[`flat/${name}-recommended`].rules;
const ours = (rules) => Object.fromEntries(Object.entries(rules).map(([name, rule]) => [`@graphql-eslint/${name}`, rule]));

/** `NodeType` is the name of what it is. */
const { "ObjectTypeDefinition,ObjectTypeExtension": _, ...naming } =
  recommended("schema")["@graphql-eslint/naming-convention"][1];

const SCHEMA_RULES = {
  ...recommended("schema"),
  ...ours({
    "naming-convention": ["error", naming],
    "relay-arguments": ["error", { includeBoth: false }],
    "relay-connection-types": "error",
    // Not every list is paged.
    "relay-edge-types": ["error", { listTypeCanWrapOnlyEdgeType: false }],
    "relay-page-info": "error",
    "require-description": [
      "error",
      {
        types: true,
        rootField: true,
        DirectiveDefinition: true,
        EnumValueDefinition: true,
        FieldDefinition: true,
        InputValueDefinition: true,
      },
    ],
    // Only what `node` finds again has an id.
    "strict-id-in-types": "off",
  }),
};

function lint(folder, file, rules) {
  const graphQLConfig = { schema: join(folder, "schema.graphql"), documents: join(folder, "documents", "*.graphql") };
  const config = {
    files: ["**/*.graphql"],
    languageOptions: { parser: plugin.parser, parserOptions: { graphQLConfig } },
    plugins: { "@graphql-eslint": plugin },
    rules,
  };
  const path = join(folder, file);
  const messages = new Linter({ configType: "flat", cwd: folder }).verify(readFileSync(path, "utf8"), [config], path);
  return messages.map(({ line, ruleId, message }) => `${file}:${line}: ${ruleId}: ${message}`);
}

export const lintSchema = (folder) => lint(folder, "schema.graphql", SCHEMA_RULES);

export const lintOperations = (folder) =>
  readdirSync(join(folder, "documents")).flatMap((name) => lint(folder, join("documents", name), recommended("operations")));
