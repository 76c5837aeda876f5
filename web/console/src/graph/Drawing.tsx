import { getViewportForBounds, ReactFlow, ReactFlowProvider, useReactFlow, useStore } from "@xyflow/react";
import "@xyflow/react/dist/base.css";
import { useMemo, type MouseEvent } from "react";
import type { Topology } from "../fold/topology";
import { BoxNode } from "./BoxNode";
import { elementsOf, NO_ELEMENTS } from "./elements";
import { FarView } from "./FarView";
import styles from "./FlowGraph.module.css";
import type { Layout, Point } from "./layout";
import { distanceAt } from "./parts";
import { View } from "./View";
import { WireEdge } from "./WireEdge";

const NODE_TYPES = { box: BoxNode };
const EDGE_TYPES = { wire: WireEdge };
const LEAST_ZOOM = 0.01;
const FIT = { least: LEAST_ZOOM, most: 1.1, padding: 0.06 };
/** From so many nodes on, a graph that is seen from far away is painted. */
const MANY = 150;

/** The size that a graph has to be shown in, in pixels. */
export interface Room {
  width: number;
  height: number;
}

interface DrawingProps {
  topology: Topology;
  layout: Layout;
  room: Room;
  focus: string | null;
  onChoose: (nodeId: string | null) => void;
}

/** A graph that has been laid out, at first as a whole. */
export function Drawing({ room, ...graph }: DrawingProps) {
  const { least, most, padding } = FIT;
  const viewport = getViewportForBounds(graph.layout.bounds, room.width, room.height, least, most, padding);
  return (
    <ReactFlowProvider>
      <Plane {...graph} viewport={viewport} />
    </ReactFlowProvider>
  );
}

interface PlaneProps extends Omit<DrawingProps, "room"> {
  viewport: { x: number; y: number; zoom: number };
}

function Plane({ topology, layout, focus, onChoose, viewport }: PlaneProps) {
  const elements = useMemo(() => elementsOf(topology, layout), [topology, layout]);
  // Until it is ready, the library takes the scale to be 1.
  const isFar = useStore((view) => distanceAt(view.panZoom ? view.transform[2] : viewport.zoom) === "far");
  const isPainted = isFar && topology.nodes.size >= MANY;
  const { nodes, edges } = isPainted ? NO_ELEMENTS : elements;
  const { screenToFlowPosition } = useReactFlow();
  const choose = ({ clientX, clientY }: MouseEvent) =>
    onChoose(isPainted ? nodeAt(layout, screenToFlowPosition({ x: clientX, y: clientY })) : null);
  return (
    <ReactFlow
      className={styles.graph ?? ""}
      nodes={nodes}
      edges={edges}
      nodeTypes={NODE_TYPES}
      edgeTypes={EDGE_TYPES}
      nodesDraggable={false}
      nodesConnectable={false}
      nodesFocusable={false}
      edgesFocusable={false}
      elementsSelectable={false}
      onlyRenderVisibleElements
      minZoom={LEAST_ZOOM}
      maxZoom={2}
      defaultViewport={viewport}
      onPaneClick={choose}
      proOptions={{ hideAttribution: true }}
      aria-label="The flow as a graph"
    >
      {isPainted && <FarView topology={topology} layout={layout} />}
      <View layout={layout} padding={FIT.padding} focus={focus} />
    </ReactFlow>
  );
}

/** The node at a place; of a group and what is in it, the inner one. */
function nodeAt({ places }: Layout, { x, y }: Point): string | null {
  let found: string | null = null;
  for (const [id, box] of places)
    if (x >= box.x && x <= box.x + box.width && y >= box.y && y <= box.y + box.height) found = id;
  return found;
}
