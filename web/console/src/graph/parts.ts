import { createContext, type ComponentType } from "react";
import type { TopologyEdge, TopologyNode } from "../fold/topology";
import { PlainCard } from "./PlainCard";

/** From how far a node is seen: all of it can be read, its title in large letters, or nothing. */
export type Distance = "near" | "middle" | "far";

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
}

export const PLAIN: Parts = { Card: PlainCard, useWire: () => undefined };

export const PartsContext = createContext<Parts>(PLAIN);
