import { ReactFlow, type Edge, type Node } from "@xyflow/react";
import "@xyflow/react/dist/base.css";
import { useEffect, useMemo, useState } from "react";
import { Loading, Notice } from "../design/Notice";
import type { Topology, TopologyEdge, TopologyNode } from "../fold/topology";
import { BoxNode } from "./BoxNode";
import styles from "./FlowGraph.module.css";
import { layoutOf, type Layout, type Point } from "./layout";
import { PartsContext, PLAIN, type Parts } from "./parts";
import { View } from "./View";
import { WireEdge } from "./WireEdge";

export type GraphNode = Node<{ node: TopologyNode }, "box">;
export type GraphEdge = Edge<{ edge: TopologyEdge; way: readonly Point[] }, "wire">;

const NODE_TYPES = { box: BoxNode };
const EDGE_TYPES = { wire: WireEdge };
const FIT = { padding: 0.08, maxZoom: 1.1, minZoom: 0.02 };

interface FlowGraphProps {
  /** What the layout is remembered by. */
  id: string;
  topology: Topology;
  parts?: Parts;
  /** The node to bring into view when it changes. */
  focus?: string | null;
  onClear?: () => void;
}

/** A flow, laid out from left to right. What changes while it is shown is up to the parts; the graph itself stays. */
export default function FlowGraph({ id, topology, parts = PLAIN, focus = null, onClear }: FlowGraphProps) {
  const layout = useLayout(id, topology);
  const elements = useMemo(() => layout && !(layout instanceof Error) && elementsOf(topology, layout), [topology, layout]);
  if (layout instanceof Error) return <Notice tone="bad" title="The graph cannot be laid out">{layout.message}</Notice>;
  if (!elements) return <Loading label="Laying out the graph" />;
  return (
    <PartsContext value={parts}>
      <ReactFlow
        className={styles.graph ?? ""}
        nodes={elements.nodes}
        edges={elements.edges}
        nodeTypes={NODE_TYPES}
        edgeTypes={EDGE_TYPES}
        nodesDraggable={false}
        nodesConnectable={false}
        nodesFocusable={false}
        edgesFocusable={false}
        elementsSelectable={false}
        onlyRenderVisibleElements
        minZoom={0.02}
        maxZoom={2}
        fitView
        fitViewOptions={FIT}
        onPaneClick={() => onClear?.()}
        proOptions={{ hideAttribution: true }}
        aria-label="The flow as a graph"
      >
        <View fit={FIT} focus={focus} />
      </ReactFlow>
    </PartsContext>
  );
}

function useLayout(id: string, topology: Topology): Layout | Error | null {
  const [layout, setLayout] = useState<Layout | Error | null>(null);
  useEffect(() => {
    let isMeant = true;
    const take = (found: Layout | Error) => isMeant && setLayout(found);
    layoutOf(id, topology).then(take, (error) => take(error instanceof Error ? error : new Error(String(error))));
    return () => {
      isMeant = false;
    };
  }, [id, topology]);
  return layout;
}

function elementsOf(topology: Topology, { boxes, ways }: Layout): { nodes: GraphNode[]; edges: GraphEdge[] } {
  // The layout has each group before what is in it, as the drawing wants it.
  const nodes = [...boxes].map(([id, { x, y, width, height }]): GraphNode => {
    const node = topology.nodes.get(id)!;
    const around = node.parent === null ? {} : { parentId: node.parent };
    return { id, type: "box", position: { x, y }, width, height, data: { node }, ...around };
  });
  const edges = topology.edges.map((edge): GraphEdge => {
    const { id, source, target } = edge;
    return { id, source, target, type: "wire", data: { edge, way: ways.get(id) ?? [] } };
  });
  return { nodes, edges };
}
