/** Relay's compiler over modules with fragments, connections and what can be fetched again. */

import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import compiler from "relay-compiler";

const CONFIGURATION = {
  src: "./relay",
  schema: "./schema.graphql",
  language: "typescript",
  customScalarTypes: { DateTime: "string", JSON: "unknown" },
};

export function relay(folder) {
  const path = join(folder, "relay.config.json");
  writeFileSync(path, JSON.stringify(CONFIGURATION));
  const done = spawnSync(compiler, ["--output", "quiet-with-errors", path], { cwd: folder, encoding: "utf8" });
  return done.status === 0 ? [] : [done.stdout + done.stderr + (done.error ?? "")];
}
