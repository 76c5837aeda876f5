import type { TopologyEdge } from "../../fold/topology";
import type { Parts } from "../../graph/parts";
import { useRun } from "../store";
import { LiveCard } from "./LiveCard";
import styles from "./LiveCard.module.css";

/** How the graph of an execution draws a node and an edge: each follows its own record, and nothing else. */
export const LIVE: Parts = { Card: LiveCard, useWire };

function useWire({ id, target }: TopologyEdge): string | undefined {
  return useRun((run) => {
    const edge = run.edges.get(id);
    if (edge === "CARRIED") return run.nodes.get(target)?.status === "EXECUTING" ? styles.fresh : styles.carried;
    if (edge === "FAILED") return styles.misfit;
    return edge === "DEAD" ? styles.dead : undefined;
  });
}
