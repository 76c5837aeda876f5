import { classes } from "../../design/classes";
import { StatusSign, statusText, statusTone } from "../../design/Status";
import { breakable } from "../../design/words";
import type { CardProps } from "../../graph/parts";
import cardStyles from "../../graph/Card.module.css";
import { useMoment, useRun } from "../store";
import { changeView, useIsChosen } from "../view";
import { BreakpointDot } from "./BreakpointDot";
import styles from "./LiveCard.module.css";
import { progress, standing } from "./standing";

/** A node of an execution, as it stands. */
export function LiveCard({ node, distance, isGroup }: CardProps) {
  const record = useRun((run) => run.nodes.get(node.id)!);
  const isHalted = useRun((run) => run.halted.has(node.id));
  const hasEnded = useRun((run) => run.hasEnded);
  const isChosen = useIsChosen(node.id);
  const isActive = record.status === "EXECUTING" || record.status === "WAITING";
  const isTold = isActive || isHalted || record.status === "FAILED";
  const tone = statusTone(record.status);
  if (distance === "far" && !isGroup)
    return <div className={classes(styles.far, tone, isChosen && styles.chosen)} data-status={record.status} />;
  return (
    <>
      <button
        type="button"
        className={classes(
          cardStyles.card,
          isGroup && cardStyles.group,
          cardStyles[distance],
          isTold && cardStyles.told,
          styles.live,
          tone,
          styles[record.status.toLowerCase()],
          isChosen && styles.chosen,
          isHalted && styles.halted,
        )}
        aria-pressed={isChosen}
        data-status={record.status}
        title={`${node.title} (${node.type}): ${statusText(record.status)}`}
        onClick={() => changeView({ node: isChosen ? null : node.id })}
      >
        <StatusSign status={record.status} />
        <span className={cardStyles.words}>
          <span className={cardStyles.title}>{breakable(node.title)}</span>
          <Standing
            nodeId={node.id}
            idle={isHalted ? "Stopped by its breakpoint" : hasEnded ? "Did not run" : node.type}
            isActive={isActive}
          />
        </span>
        {record.attempt > 1 && <span className={styles.attempts}>×{record.attempt}</span>}
        {record.wait && <Progress nodeId={node.id} />}
      </button>
      <BreakpointDot node={node} />
    </>
  );
}

interface StandingProps {
  nodeId: string;
  /** What is said of a node that has not begun. */
  idle: string;
  isActive: boolean;
}

function Standing({ nodeId, idle, isActive }: StandingProps) {
  const record = useRun((run) => run.nodes.get(nodeId)!);
  const now = useMoment(isActive);
  return <span className={cardStyles.about}>{record.status === "IDLE" ? idle : standing(record, now)}</span>;
}

function Progress({ nodeId }: { nodeId: string }) {
  const record = useRun((run) => run.nodes.get(nodeId)!);
  const share = progress(record, useMoment(true));
  if (share === null) return null;
  return (
    <span className={styles.progress}>
      <i style={{ width: `${share * 100}%` }} />
    </span>
  );
}
