// Writes src/api/generated/: the types of the schema, and typed documents of the *.graphql files, which are checked against it.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { codegen } from "@graphql-codegen/core";
import * as documentNodes from "@graphql-codegen/typed-document-node";
import * as schemaTypes from "@graphql-codegen/typescript";
import * as operationTypes from "@graphql-codegen/typescript-operations";
import { parse } from "graphql";

const folder = dirname(fileURLToPath(import.meta.url));
const sources = join(folder, "src");
const schema = parse(readFileSync(join(folder, "../../schema.graphql"), "utf8"));
const config = {
  useTypeImports: true,
  strictScalars: true,
  enumsAsTypes: true,
  enumType: "string-literal",
  skipTypename: true,
  // TypeScript may take an answer for what it says it is; what a newer server adds has a default branch.
  scalars: { DateTime: "string", JSON: { input: "unknown", output: "unknown" }, ID: "string" },
  documentMode: "graphQLTag",
  gqlImport: "@urql/core#gql",
  disableDescriptions: true,
};

const documents = readdirSync(sources, { encoding: "utf8", recursive: true })
  .filter((name) => name.endsWith(".graphql"))
  .sort()
  .map((name) => ({ location: name, document: parse(readFileSync(join(sources, name), "utf8")) }));

async function write(name, plugins, documents) {
  const filename = join(sources, "api/generated", name);
  const pluginMap = { documentNodes, schemaTypes, operationTypes };
  const text = await codegen({
    filename,
    schema,
    documents,
    config,
    plugins: plugins.map((plugin) => ({ [plugin]: {} })),
    pluginMap,
  });
  mkdirSync(dirname(filename), { recursive: true });
  writeFileSync(filename, `// Made by codegen.mjs.\n${text}`);
}

await write("schema.ts", ["schemaTypes"], []);
await write("operations.ts", ["operationTypes", "documentNodes"], documents);
