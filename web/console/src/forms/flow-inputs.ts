import type { FlowVersionQuery } from "../api/generated/operations";
import { fieldOf, type About, type FieldSpec } from "./fields";

export type Version = NonNullable<NonNullable<FlowVersionQuery["flow"]>["version"]>;
type Node = Version["nodes"][number];

/** The inputs of a flow version, as a form shows them. */
export function inputsOf({ inputs, nodes }: Pick<Version, "inputs" | "nodes">): FieldSpec[] {
  const sources = new Map(nodes.filter((node) => node.type === "flow.input").map(sourceOf));
  return inputs.map(({ name, schema, required }) =>
    fieldOf(name, schema, { isRequired: required, ...sources.get(name) }),
  );
}

/** What the node of an input says about it. */
function sourceOf({ inputs, title }: Node): [string, About] {
  const { name, default: initial } = inputs as { name: string; default?: unknown };
  return [name, { initial, title, alias: title ? name : undefined }];
}
