/** What a value is typed into. */
export type Control = "text" | "integer" | "number" | "boolean" | "choice" | "json";

export interface FieldSpec {
  name: string;
  title: string;
  isRequired: boolean;
  control: Control;
  choices: readonly unknown[];
  description: string | undefined;
  /** What documents and the API call it, where its title is another one. */
  alias: string | undefined;
  /** What it starts with: the default of the document, as text. */
  initial: string;
}

interface Schema {
  type?: string | string[];
  enum?: unknown[];
  description?: string;
  default?: unknown;
}

interface ObjectSchema extends Schema {
  properties?: Record<string, unknown>;
  required?: string[];
}

export interface About {
  title?: string | null | undefined;
  alias?: string | undefined;
  isRequired?: boolean;
  /** What it has at first; undefined is nothing. */
  initial?: unknown;
}

/** The field for a value of a JSON Schema. */
export function fieldOf(
  name: string,
  schema: unknown,
  { title, alias, isRequired = false, initial }: About = {},
): FieldSpec {
  const { type, enum: choices, description } = (schema ?? {}) as Schema;
  const control = choices ? "choice" : controlOf(type);
  return {
    ...{ name, title: title || name, isRequired, control, choices: choices ?? [], description, alias },
    initial: initial === undefined ? "" : written(control, initial),
  };
}

/** One field for each member of an object that a JSON Schema describes; null if it describes none. */
export function membersOf(schema: unknown): FieldSpec[] | null {
  const { type, properties, required = [] } = (schema ?? {}) as ObjectSchema;
  if (type !== "object" || !properties) return null;
  return Object.entries(properties).map(([name, member]) =>
    fieldOf(name, member, { isRequired: required.includes(name), initial: (member as Schema | null)?.default }),
  );
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
export function readAll(fields: readonly FieldSpec[], texts: Readonly<Record<string, string>>) {
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

function read({ control }: FieldSpec, text: string): unknown {
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
