import type { EdgeProps } from "@xyflow/react";
import { memo, useContext } from "react";
import { classes } from "../design/classes";
import type { GraphEdge } from "./elements";
import styles from "./FlowGraph.module.css";
import { PartsContext } from "./parts";
import { headOf, pathOf } from "./way";

/** An edge on the way that the layout has found for it. */
export const WireEdge = memo(({ data }: EdgeProps<GraphEdge>) => {
  const { useWire } = useContext(PartsContext);
  const { edge, way } = data!;
  return (
    <g className={classes(styles.wire, useWire(edge))} data-edge={edge.id}>
      <title>
        {edge.source}.{edge.sourcePort} → {edge.target}.{edge.targetPort}
      </title>
      <path className={styles.line} d={pathOf(way)} />
      <path className={styles.head} d={headOf(way)} />
    </g>
  );
});
