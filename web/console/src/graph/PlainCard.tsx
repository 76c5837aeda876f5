import { classes } from "../design/classes";
import styles from "./Card.module.css";
import { breakable } from "../design/words";
import type { CardProps } from "./parts";

/** A node of a flow that does not run. */
export function PlainCard({ node, distance, isGroup }: CardProps) {
  return (
    <div
      className={classes(styles.card, isGroup && styles.group, styles[distance])}
      title={`${node.title} (${node.type})`}
    >
      {distance !== "far" && (
        <div className={styles.words}>
          <div className={styles.title}>{breakable(node.title)}</div>
          <div className={styles.about}>{node.type}</div>
        </div>
      )}
    </div>
  );
}
