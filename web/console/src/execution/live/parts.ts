import { useMemo } from "react";
import type { TopologyEdge } from "../../fold/topology";
import type { Painter } from "../../graph/painting";
import type { Parts } from "../../graph/parts";
import { useExecution, useRun } from "../store";
import { chosenNode, onViewChange } from "../view";
import { LiveCard } from "./LiveCard";
import styles from "./LiveCard.module.css";

/** How the graph of an execution draws a node and an edge: each follows its own record, and nothing else. */
export const LIVE: Parts = { Card: LiveCard, useWire, usePainter };

function useWire({ id, target }: TopologyEdge): string | undefined {
  return useRun((run) => {
    const edge = run.edges.get(id);
    if (edge === "CARRIED") return run.nodes.get(target)?.status === "EXECUTING" ? styles.fresh : styles.carried;
    if (edge === "FAILED") return styles.misfit;
    return edge === "DEAD" ? styles.dead : undefined;
  });
}

function usePainter(): Painter {
  const store = useExecution();
  return useMemo(
    () => ({
      subscribe(listener) {
        const ends = [store.changes.subscribe(listener), onViewChange(listener)];
        return () => ends.forEach((end) => end());
      },
      statusOf: (nodeId) => store.shown.nodes.get(nodeId)?.status ?? null,
      chosen: chosenNode,
    }),
    [store],
  );
}
