import { gzipSync } from "node:zlib";
import type { Plugin, Rolldown } from "vite";

type Bundle = Rolldown.OutputBundle;

/** Fails the build if what a page loads first, scripts and styles, has more than so many kB compressed. */
export function budget(kilobytes: number): Plugin {
  return {
    name: "budget",
    apply: "build",
    enforce: "post",
    generateBundle(_options, bundle) {
      const first = firstFiles(bundle);
      const bytes = [...first].reduce((sum, name) => sum + packedBytes(bundle[name]), 0);
      const spent = `The page loads ${Math.ceil(bytes / 1000)} kB first, of ${kilobytes} kB that it may:`;
      if (bytes > kilobytes * 1000) this.error(`${spent} ${[...first].join(", ")}`);
      this.info(spent);
    },
  };
}

/** The names of the entries, of all that they import at once, and of the styles of these. */
function firstFiles(bundle: Bundle): Set<string> {
  const found = new Set<string>();
  const visit = (name: string) => {
    const chunk = bundle[name];
    if (found.has(name) || chunk?.type !== "chunk") return;
    found.add(name);
    for (const style of stylesOf(chunk)) found.add(style);
    chunk.imports.forEach(visit);
  };
  for (const [name, output] of Object.entries(bundle)) if (output.type === "chunk" && output.isEntry) visit(name);
  return found;
}

function stylesOf(chunk: Rolldown.OutputChunk): Iterable<string> {
  return (chunk as { viteMetadata?: { importedCss: Set<string> } }).viteMetadata?.importedCss ?? [];
}

function packedBytes(output: Bundle[string] | undefined): number {
  const content = output?.type === "chunk" ? output.code : (output?.source ?? "");
  return gzipSync(content, { level: 9 }).length;
}
