import type { FlowVersionQuery } from "../api/generated/operations";

type Version = NonNullable<NonNullable<FlowVersionQuery["flow"]>["version"]>;

/** What an input is typed into. */
export type Control = "text" | "integer" | "number" | "boolean" | "choice" | "json";

export interface InputSpec {
  name: string;
  title: string;
  isRequired: boolean;
  control: Control;
  choices: readonly unknown[];
  description: string | undefined;
  /** What it starts with: the default of the document, as text. */
  initial: string;
}

interface Schema {
  type?: string | string[];
  enum?: unknown[];
  description?: string;
}

/** The inputs of a flow version, as a form shows them. */
export function fieldsOf({ inputs, nodes }: Pick<Version, "inputs" | "nodes">): InputSpec[] {
  const sources = new Map(nodes.filter((node) => node.type === "flow.input").map(sourceOf));
  return inputs.map(({ name, schema, required }) => {
    const { type, enum: choices, description } = (schema ?? {}) as Schema;
    const control = choices ? "choice" : controlOf(type);
    const { initial, title } = sources.get(name) ?? {};
    return {
      ...{ name, title: title || name, isRequired: required, control, choices: choices ?? [], description },
      initial: initial === undefined ? "" : written(control, initial),
    };
  });
}

/** What the node of an input says about it. */
function sourceOf({
  inputs,
  title,
}: Version["nodes"][number]): [string, { initial: unknown; title: string | null | undefined }] {
  const { name, default: initial } = inputs as { name: string; default?: unknown };
  return [name, { initial, title }];
}

function controlOf(type: Schema["type"]): Control {
  if (type === "string") return "text";
  return type === "integer" || type === "number" || type === "boolean" ? type : "json";
}

export function written(control: Control, value: unknown): string {
  return control === "text" && typeof value === "string"
    ? value
    : JSON.stringify(value, null, control === "json" ? 2 : 0);
}

/** The values of all fields, and what is wrong with those that have none. A field that is left empty is left out. */
export function readAll(fields: readonly InputSpec[], texts: Readonly<Record<string, string>>) {
  const values: Record<string, unknown> = {};
  const problems: Record<string, string> = {};
  for (const field of fields) {
    const text = texts[field.name] ?? "";
    const isLeftOut = text === "" && (field.control !== "text" || !field.isRequired);
    try {
      if (!isLeftOut) values[field.name] = read(field, text);
      else if (field.isRequired) problems[field.name] = "It needs a value.";
    } catch (error) {
      problems[field.name] = (error as Error).message;
    }
  }
  return { values, problems };
}

function read({ control }: InputSpec, text: string): unknown {
  if (control === "text") return text;
  if (control === "integer" && !/^\s*-?\d+\s*$/.test(text)) throw new Error("It has to be a whole number.");
  if (control === "number" && !(text.trim() && Number.isFinite(Number(text))))
    throw new Error("It has to be a number.");
  if (control === "integer" || control === "number") return Number(text);
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new Error(`It has to be JSON: ${(error as Error).message}`);
  }
}
