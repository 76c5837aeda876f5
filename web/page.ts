import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin, type UserConfig } from "vite";
import { budget } from "./budget.ts";
import { manifest } from "./manifest.ts";

const API = "http://127.0.0.1:8000";
const COMPRESSIBLE = /\.(css|html|js|svg|ttf)$/;

type Packing = Record<string, (content: Buffer) => Buffer>;

const GZIP: Packing = { gz: (content) => gzipSync(content, { level: 9 }) };

const BROTLI: Packing = {
  br: (content) => brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } }),
};

/** Puts compressed copies beside each file of the build, so that nothing is compressed while it is served. */
function compressed(folder: string, packings: Packing): Plugin {
  return {
    name: "compressed",
    apply: "build",
    closeBundle() {
      const files = readdirSync(folder, { encoding: "utf8", recursive: true }).filter((name) =>
        COMPRESSIBLE.test(name),
      );
      for (const path of files.map((name) => join(folder, name)))
        for (const [suffix, pack] of Object.entries(packings))
          writeFileSync(`${path}.${suffix}`, pack(readFileSync(path)));
    },
  };
}

/** React's compiler leaves directives in packages that mean nothing here. */
const DIRECTIVES = "MODULE_LEVEL_DIRECTIVE";

interface Demands {
  /** How many kB what the page loads first may have, compressed; it is then packed as small as it goes. */
  kilobytes?: number;
  /** The module with all documents that the page sends, of which a manifest is written beside the page. */
  operations?: string;
}

/** How a page is built: from the folder of its name into dist/, to be served below the path `base`. */
export function page(name: string, base: string, { kilobytes, operations }: Demands = {}): UserConfig {
  const folder = join(import.meta.dirname, "dist", name);
  const packings = kilobytes ? { ...GZIP, ...BROTLI } : GZIP;
  return defineConfig({
    base,
    plugins: [
      react(),
      compressed(folder, packings),
      ...(kilobytes ? [budget(kilobytes)] : []),
      ...(operations ? [manifest(operations)] : []),
    ],
    build: {
      outDir: folder,
      emptyOutDir: true,
      chunkSizeWarningLimit: 5000,
      reportCompressedSize: false,
      // An image in a data URL would need a policy that allows them.
      assetsInlineLimit: kilobytes ? 0 : 4096,
      rolldownOptions: {
        // To compress takes long, and that is known.
        checks: { pluginTimings: false },
        onwarn: (warning, warn) => warning.code !== DIRECTIVES && warn(warning),
      },
    },
    worker: { format: "es" },
    server: { proxy: { "/graphql": { target: API, ws: true } } },
  });
}
