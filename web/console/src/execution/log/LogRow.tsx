import { memo } from "react";
import { classes } from "../../design/classes";
import { Json } from "../../design/Json";
import { Button } from "../../design/Button";
import { duration, exact } from "../../design/words";
import { nodeOf, type LogEvent } from "../../fold/event";
import { PayloadButton } from "../PayloadButton";
import { useExecution, useRun } from "../store";
import { changeView } from "../view";
import styles from "./Log.module.css";
import { summary, toneOf } from "./summary";

interface LogRowProps {
  event: LogEvent;
  place: number;
  /** Its place in the list, in pixels. */
  top: number;
  measure: (row: HTMLElement | null) => void;
  isOpen: boolean;
  onToggle: () => void;
}

export const LogRow = memo(({ event, place, top, measure, isOpen, onToggle }: LogRowProps) => {
  const { topology } = useExecution();
  const start = useRun((run) => run.startedAt ?? run.createdAt ?? event.at);
  const nodeId = nodeOf(event);
  return (
    <li
      ref={isOpen ? measure : undefined}
      data-index={place}
      className={classes(styles.row, isOpen && styles.open)}
      style={{ transform: `translateY(${top}px)` }}
    >
      <button type="button" className={styles.line} aria-expanded={isOpen} onClick={onToggle}>
        <span className={styles.index}>{event.index}</span>
        <span className={styles.time} title={exact(event.at)}>
          {event.at >= start ? `+${duration(event.at - start)}` : ""}
        </span>
        <span className={classes(styles.kind, styles[toneOf(event.type)])}>{event.type}</span>
        {nodeId && <span className={styles.node}>{topology.title(nodeId)}</span>}
        <span className={styles.summary}>{summary(event, topology)}</span>
      </button>
      {isOpen && (
        <div className={styles.detail}>
          <div className={styles.actions}>
            <Button onClick={() => changeView({ at: event.index })}>Show the run as it was then</Button>
            {nodeId && <Button onClick={() => changeView({ node: nodeId })}>Show {topology.title(nodeId)}</Button>}
          </div>
          <Json value={event.data} large={PayloadButton} />
        </div>
      )}
    </li>
  );
});
