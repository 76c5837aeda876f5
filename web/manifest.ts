import { createHash } from "node:crypto";
import { formatDocument, stringifyDocument, type TypedDocumentNode } from "@urql/core";
import { Kind } from "graphql";
import { runnerImport, type Plugin } from "vite";

type Operations = Record<string, TypedDocumentNode>;

/** Writes the manifest of the operations of a page: each text that it may send, by its hash. */
export function manifest(operations: string): Plugin {
  return {
    name: "manifest",
    apply: "build",
    async generateBundle() {
      const { module } = await runnerImport<Operations>(operations);
      const texts = Object.values(module).filter(isOperation).flatMap(textsOf);
      const byHash = Object.fromEntries(texts.map((text) => [hash(text), text]));
      this.emitFile({ type: "asset", fileName: "documents.json", source: JSON.stringify(byHash, null, 1) });
    },
  };
}

/** Fragments are there too, for operations to use. */
const isOperation = ({ definitions }: TypedDocumentNode) =>
  definitions.some((each) => each.kind === Kind.OPERATION_DEFINITION);

/** As it is written, and as urql's cache asks for it: with the types of all objects. */
function textsOf(document: TypedDocumentNode): string[] {
  return [stringifyDocument(document), stringifyDocument(formatDocument(document) as TypedDocumentNode)];
}

const hash = (text: string) => createHash("sha256").update(text).digest("hex");
