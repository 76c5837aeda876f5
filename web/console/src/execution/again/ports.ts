import { fieldOf, type FieldSpec } from "../../forms/fields";
import type { NodeRecord } from "../../fold/run";
import type { Topology } from "../../fold/topology";

/** The JSON Schemas of the inputs of each node type. */
export type PortsOfTypes = ReadonlyMap<string, readonly { name: string; schema: unknown }[]>;

/** A field for each input of a node that no edge leads to, with what it was given before. Their names are "node.port". */
export function openPorts(
  topology: Topology,
  types: PortsOfTypes,
  record: NodeRecord | undefined,
  nodeId: string,
): FieldSpec[] {
  const node = topology.nodes.get(nodeId);
  if (!node) return [];
  const connected = new Set(topology.to(nodeId).map((edge) => edge.targetPort));
  const given = { ...node.constants, ...record?.inputs };
  return (types.get(node.type) ?? [])
    .filter(({ name }) => !connected.has(name))
    .map(({ name, schema }) =>
      fieldOf(`${nodeId}.${name}`, schema, { title: name, initial: given[name] ?? undefined }),
    );
}

/** What comes after a node, in the order of the document. */
export function downstream(topology: Topology, nodeId: string): string[] {
  const found = new Set<string>();
  const visit = (id: string) => {
    for (const { target } of topology.from(id)) {
      if (found.has(target)) continue;
      found.add(target);
      visit(target);
    }
  };
  visit(nodeId);
  return [...topology.nodes.keys()].filter((id) => found.has(id));
}
