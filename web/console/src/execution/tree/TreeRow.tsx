import { memo } from "react";
import { Link } from "wouter";
import { executionPath } from "../../app/routes";
import { classes } from "../../design/classes";
import { Icon } from "../../design/Icon";
import { Status } from "../../design/Status";
import { Duration } from "../../design/Time";
import { number } from "../../design/words";
import type { Member } from "./forest";
import styles from "./Tree.module.css";

const INDENT = 16;

interface TreeRowProps {
  member: Member;
  /** Its place in the list, in pixels. */
  top: number;
  childCount: number;
  isOpen: boolean;
  /** Whether it is the execution of this page. */
  isHere: boolean;
  onToggle: () => void;
}

export const TreeRow = memo(
  ({ member, top, childCount, isOpen, isHere, onToggle }: TreeRowProps) => {
    const { id, level, flowName, nodeId, eventName, startedAt, endedAt, error } = member;
    return (
      <li
        className={classes(styles.row, isHere && styles.here)}
        style={{ transform: `translateY(${top}px)`, paddingLeft: 8 + level * INDENT }}
      >
        {childCount > 0 ? (
          <button
            type="button"
            className={styles.fold}
            aria-expanded={isOpen}
            aria-label={`Children of ${id}`}
            onClick={onToggle}
          >
            <Icon name={isOpen ? "down" : "forward"} />
          </button>
        ) : (
          <span className={styles.fold} />
        )}
        <span className={styles.status}>
          <Status status={member.status} />
        </span>
        <Link href={executionPath(id)} aria-current={isHere ? "page" : undefined} className={styles.id}>
          {id}
        </Link>
        {childCount > 0 && <span className={styles.count}>{number(childCount)}</span>}
        <span className={styles.about}>{error ?? [flowName, nodeId, eventName].filter(Boolean).join(" · ")}</span>
        <span className={styles.took}>{startedAt !== null && <Duration from={startedAt} to={endedAt} />}</span>
      </li>
    );
  },
  (a, b) =>
    a.member === b.member &&
    a.top === b.top &&
    a.childCount === b.childCount &&
    a.isOpen === b.isOpen &&
    a.isHere === b.isHere,
);
