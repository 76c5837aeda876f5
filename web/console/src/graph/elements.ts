import { Position, type Edge, type Node, type NodeHandle } from "@xyflow/react";
import type { Topology, TopologyEdge, TopologyNode } from "../fold/topology";
import type { Layout, Point } from "./layout";

export type GraphNode = Node<{ node: TopologyNode }, "box">;
export type GraphEdge = Edge<{ edge: TopologyEdge; way: readonly Point[] }, "wire">;

export interface Elements {
  nodes: GraphNode[];
  edges: GraphEdge[];
}

export const NO_ELEMENTS: Elements = { nodes: [], edges: [] };

/** What the library that draws graphs wants to know of one. */
export function elementsOf(topology: Topology, { boxes, ways }: Layout): Elements {
  const nodes = [...boxes].map(([id, { x, y, width, height }]): GraphNode => {
    const node = topology.nodes.get(id)!;
    const around = node.parent === null ? {} : { parentId: node.parent };
    const size = { width, height };
    // With its size and handles told, what is out of sight need not be drawn to be measured.
    return {
      id,
      type: "box",
      position: { x, y },
      ...size,
      measured: size,
      handles: handles(width, height),
      data: { node },
      ...around,
    };
  });
  const edges = topology.edges.map((edge): GraphEdge => {
    const { id, source, target } = edge;
    return { id, source, target, type: "wire", data: { edge, way: ways.get(id) ?? [] } };
  });
  return { nodes, edges };
}

function handles(width: number, height: number): NodeHandle[] {
  const middle = { y: height / 2, width: 0, height: 0 };
  return [
    { type: "target", position: Position.Left, x: 0, ...middle },
    { type: "source", position: Position.Right, x: width, ...middle },
  ];
}
