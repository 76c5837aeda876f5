import { isAlias, isMap, isScalar, isSeq, stringify, type Document, type Node } from "yaml";

/** A number as it is written: 2 is no 2.0, and neither is rounded. */
export class Numeral {
  constructor(readonly text: string) {}
}

/** A JSON value with its numbers as they are written. */
export type Exact = Numeral | string | boolean | null | Exact[] | { [name: string]: Exact };

const JSON_NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
const LONGEST_LINE = 120;
/** How many values aliases may make of a text; a small one could else make a very large document. */
const MOST_VALUES = 1_000_000;

/** What a node of YAML, or JSON, stands for; raises RangeError if that is too much. */
export function exactOf(root: unknown, document: Document.Parsed): Exact {
  let left = MOST_VALUES;
  const visit = (node: unknown): Exact => {
    if (--left < 0) throw new RangeError("The document has too many values.");
    if (isAlias(node)) return visit(node.resolve(document));
    if (isSeq(node)) return node.items.map(visit);
    if (isMap(node)) return Object.fromEntries(node.items.map(({ key, value }) => [nameOf(key), visit(value)]));
    return isScalar(node) ? scalarOf(node) : null;
  };
  return visit(root);
}

const nameOf = (key: unknown): string => String(isScalar(key) ? key.value : key);

function scalarOf({ value, source }: { value: unknown; source?: string | undefined } & Node): Exact {
  if (typeof value === "number") return new Numeral(JSON_NUMBER.test(source ?? "") ? source! : JSON.stringify(value));
  return typeof value === "string" || typeof value === "boolean" ? value : null;
}

/** Compact JSON, or with an indentation. */
export function jsonOf(value: Exact, indent = "", before = ""): string {
  if (value instanceof Numeral) return value.text;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const inner = before + indent;
  const isList = Array.isArray(value);
  const members = isList
    ? value.map((item) => jsonOf(item, indent, inner))
    : Object.entries(value).map(([name, member]) => `${JSON.stringify(name)}: ${jsonOf(member, indent, inner)}`);
  const [open, close] = isList ? "[]" : "{}";
  if (members.length === 0 || !indent) return `${open}${members.join(", ")}${close}`;
  return `${open}\n${inner}${members.join(`,\n${inner}`)}\n${before}${close}`;
}

export function yamlOf(value: Exact): string {
  return stringify(value, { lineWidth: LONGEST_LINE, customTags: [NUMERAL], aliasDuplicateObjects: false });
}

const NUMERAL = {
  tag: "tag:yaml.org,2002:float",
  default: true as const,
  identify: (value: unknown) => value instanceof Numeral,
  resolve: (text: string) => new Numeral(text),
  // Without a test it reads nothing.
  test: /^(?!)/,
  stringify: ({ value }: { value: unknown }) => (value as Numeral).text,
};
