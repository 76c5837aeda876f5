import type { GraphFragment } from "../api/generated/operations";

export interface TopologyNode {
  readonly id: string;
  readonly type: string;
  readonly title: string;
  readonly parent: string | null;
  readonly constants: Readonly<Record<string, unknown>>;
}

export interface TopologyEdge {
  /** "source.port>target.port": no two edges join the same ports. */
  readonly id: string;
  readonly source: string;
  readonly sourcePort: string;
  readonly target: string;
  readonly targetPort: string;
}

const NONE: readonly TopologyEdge[] = [];

/** What a run is drawn on: the nodes and edges of a flow version, in document order. */
export class Topology {
  readonly nodes: ReadonlyMap<string, TopologyNode>;
  readonly edges: readonly TopologyEdge[];
  readonly #outgoing: ReadonlyMap<string, readonly TopologyEdge[]>;
  readonly #incoming: ReadonlyMap<string, readonly TopologyEdge[]>;

  constructor({ nodes, edges }: Pick<GraphFragment, "nodes" | "edges">) {
    this.nodes = new Map(nodes.map((node) => [node.nodeId, topologyNode(node)]));
    this.edges = edges.map(({ source, target }) => topologyEdge(source, target));
    this.#outgoing = grouped(this.edges, (edge) => edge.source);
    this.#incoming = grouped(this.edges, (edge) => edge.target);
  }

  from(nodeId: string): readonly TopologyEdge[] {
    return this.#outgoing.get(nodeId) ?? NONE;
  }

  to(nodeId: string): readonly TopologyEdge[] {
    return this.#incoming.get(nodeId) ?? NONE;
  }

  title(nodeId: string): string {
    return this.nodes.get(nodeId)?.title ?? nodeId;
  }
}

function topologyNode({ nodeId, type, title, parentNodeId, inputs }: GraphFragment["nodes"][number]): TopologyNode {
  const constants = inputs as Record<string, unknown>;
  return { id: nodeId, type, title: title || nodeId, parent: parentNodeId, constants };
}

function topologyEdge(from: string, to: string): TopologyEdge {
  const [source = "", sourcePort = ""] = from.split(".");
  const [target = "", targetPort = ""] = to.split(".");
  return { id: `${from}>${to}`, source, sourcePort, target, targetPort };
}

function grouped(edges: readonly TopologyEdge[], key: (edge: TopologyEdge) => string): Map<string, TopologyEdge[]> {
  const groups = new Map<string, TopologyEdge[]>();
  for (const edge of edges) {
    const group = groups.get(key(edge));
    if (group) group.push(edge);
    else groups.set(key(edge), [edge]);
  }
  return groups;
}
