import { createContext, type ComponentType } from "react";
import type { TopologyEdge, TopologyNode } from "../fold/topology";
import type { Painter } from "./painting";
import { PlainCard } from "./PlainCard";

/** From how far a node is seen: all of it can be read, its title in large letters, or nothing. */
export type Distance = "near" | "middle" | "far";

/** The scales below which small letters, and large ones, cannot be read. */
const MIDDLE = 0.75;
const FAR = 0.3;

export function distanceAt(zoom: number): Distance {
  if (zoom < FAR) return "far";
  return zoom < MIDDLE ? "middle" : "near";
}

export interface CardProps {
  node: TopologyNode;
  distance: Distance;
  /** Whether it is drawn as the head of the group that it is. */
  isGroup: boolean;
}

/** How a graph draws its nodes and edges; each page that shows one can have its own way. */
export interface Parts {
  Card: ComponentType<CardProps>;
  /** A hook: the classes of an edge. */
  useWire: (edge: TopologyEdge) => string | undefined;
  /** A hook: what the graph is painted by, if it is large and seen from far away. */
  usePainter: () => Painter;
}

const STILL: Painter = { subscribe: () => () => {}, statusOf: () => null, chosen: () => null };

export const PLAIN: Parts = { Card: PlainCard, useWire: () => undefined, usePainter: () => STILL };

export const PartsContext = createContext<Parts>(PLAIN);
