/** GraphQL Code Generator with its preset for clients, and TypeScript over what it makes and `usage.ts`. */

import { spawnSync } from "node:child_process";
import { join } from "node:path";

import { generate } from "@graphql-codegen/cli";

// The compiler is a program of its own; the package's script would start it from one more Node.js.
import getExePath from "./node_modules/typescript/lib/getExePath.js";

const STRICT = ["--noEmit", "--strict", "--target", "es2022", "--module", "esnext", "--moduleResolution", "bundler"];

export async function types(folder) {
  try {
    await generateInto(folder);
  } catch (error) {
    return [error.message, ...(error.errors ?? []).map(({ message }) => message)];
  }
  const done = spawnSync(getExePath(), [...STRICT, "usage.ts"], { cwd: folder, encoding: "utf8" });
  return done.status === 0 ? [] : (done.stdout + done.stderr).trim().split("\n");
}

const generateInto = (folder) =>
  generate({
    cwd: folder,
    silent: true,
    schema: "schema.graphql",
    documents: "documents/*.graphql",
    generates: {
      [join(folder, "generated/")]: {
        preset: "client",
        presetConfig: { persistedDocuments: { hashAlgorithm: "sha256" } },
        config: { strictScalars: true, scalars: { DateTime: "string", JSON: "unknown" }, useTypeImports: true },
      },
    },
  });
