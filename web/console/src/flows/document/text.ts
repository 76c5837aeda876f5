import { isMap, isNode, isScalar, isSeq, LineCounter, parseDocument, type Node, type ParsedNode } from "yaml";
import { exactOf, jsonOf, yamlOf, type Exact } from "./exact";

export type Syntax = "YAML" | "JSON";

/** Something wrong with a text, and the line where it is, from 1 on. */
export interface Flaw {
  readonly line: number;
  readonly message: string;
  /** Where in the document, if it could be read. */
  readonly path: string;
}

export interface Reading {
  /** Undefined if the text cannot be read. */
  readonly value: Exact | undefined;
  readonly flaws: readonly Flaw[];
  /** The line of what a JSON Pointer (RFC 6901) leads to, or of the nearest thing around it. */
  lineOf(pointer: string): number;
}

export function write(document: Exact, syntax: Syntax): string {
  return syntax === "JSON" ? `${jsonOf(document, "  ")}\n` : yamlOf(document);
}

/** Reads YAML, or JSON, which is YAML too. */
export function read(text: string): Reading {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const lineAt = (offset: number) => lines.linePos(offset).line || 1;
  const flaws = document.errors.map(({ pos, message }) => ({ line: lineAt(pos[0]), message, path: "" }));
  const lineOf = (pointer: string) => lineAt(offsetOf(document.contents, partsOf(pointer)));
  if (flaws.length > 0) return { value: undefined, flaws, lineOf };
  try {
    return { value: exactOf(document.contents, document), flaws, lineOf };
  } catch (error) {
    return { value: undefined, flaws: [{ line: 1, message: (error as Error).message, path: "" }], lineOf };
  }
}

/** What stands at a path in a JSON text. */
export function memberOf(json: string, path: readonly string[]): Exact {
  const document = parseDocument(json, { uniqueKeys: false });
  return exactOf(document.getIn(path, true), document);
}

function partsOf(pointer: string): string[] {
  return pointer
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
}

/** Where in the text the innermost thing begins that a path leads to. */
function offsetOf(root: ParsedNode | null, parts: readonly string[]): number {
  let node: Node | null = root;
  let offset = 0;
  for (const part of parts) {
    const { key, value } = childOf(node, part);
    if (!key && !value) break;
    offset = (key ?? value)?.range?.[0] ?? offset;
    node = value;
  }
  return offset;
}

function childOf(node: Node | null, part: string): { key: Node | null; value: Node | null } {
  if (isSeq(node)) return { key: null, value: asNode(node.items[Number(part)]) };
  if (!isMap(node)) return { key: null, value: null };
  const pair = node.items.find(({ key }) => (isScalar(key) ? String(key.value) : String(key)) === part);
  return { key: asNode(pair?.key), value: asNode(pair?.value) };
}

const asNode = (value: unknown): Node | null => (isNode(value) ? value : null);
