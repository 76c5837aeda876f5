import { Handle, Position, useStore, type NodeProps } from "@xyflow/react";
import { memo, useContext } from "react";
import { classes } from "../design/classes";
import type { GraphNode } from "./elements";
import styles from "./FlowGraph.module.css";
import { distanceAt, PartsContext } from "./parts";

/** The place of a node in the drawing; what is in it is the card's affair. */
export const BoxNode = memo(({ data: { node } }: NodeProps<GraphNode>) => {
  const { Card } = useContext(PartsContext);
  const distance = useStore((view) => distanceAt(view.transform[2]));
  const isGroup = node.type === "group";
  return (
    <div className={classes(styles.box, isGroup && styles.group)} data-node={node.id}>
      <Handle type="target" position={Position.Left} className={styles.handle ?? ""} />
      <Card node={node} distance={distance} isGroup={isGroup} />
      <Handle type="source" position={Position.Right} className={styles.handle ?? ""} />
    </div>
  );
});
