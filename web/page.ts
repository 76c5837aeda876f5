import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin, type UserConfig } from "vite";

const API = "http://127.0.0.1:8000";
const COMPRESSIBLE = /\.(css|html|js|svg|ttf)$/;

/** Puts a gzipped copy beside each file of the build, so that nothing is compressed while it is served. */
function compressed(folder: string): Plugin {
  return {
    name: "compressed",
    apply: "build",
    closeBundle() {
      for (const name of readdirSync(folder, { encoding: "utf8", recursive: true })) {
        const path = join(folder, name);
        if (COMPRESSIBLE.test(name)) writeFileSync(`${path}.gz`, gzipSync(readFileSync(path), { level: 9 }));
      }
    },
  };
}

/** React's compiler leaves directives in packages that mean nothing here. */
const DIRECTIVES = "MODULE_LEVEL_DIRECTIVE";

/** How a page is built: from the folder of its name into dist/, to be served below the path `base`. */
export function page(name: string, base: string): UserConfig {
  const folder = join(import.meta.dirname, "dist", name);
  return defineConfig({
    base,
    plugins: [react(), compressed(folder)],
    build: {
      outDir: folder,
      emptyOutDir: true,
      chunkSizeWarningLimit: 5000,
      reportCompressedSize: false,
      rolldownOptions: { onwarn: (warning, warn) => warning.code !== DIRECTIVES && warn(warning) },
    },
    worker: { format: "es" },
    server: { proxy: { "/graphql": { target: API, ws: true } } },
  });
}
