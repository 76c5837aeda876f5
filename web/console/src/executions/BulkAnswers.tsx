import { Link } from "wouter";
import { executionPath } from "../app/routes";
import { Icon } from "../design/Icon";
import type { Answer } from "./bulk";
import styles from "./Bulk.module.css";

/** How many show; what was refused comes first. */
const SHOWN = 500;

export function BulkAnswers({ answers }: { answers: readonly Answer[] }) {
  const inOrder = [...answers].sort((a, b) => Number(a.accepted) - Number(b.accepted)).slice(0, SHOWN);
  return (
    <ul className={styles.answers} aria-label="What each has answered" tabIndex={0}>
      {inOrder.map(({ executionId, accepted, code, message }) => (
        <li key={executionId}>
          <span className={accepted ? styles.accepted : styles.refused}>
            <Icon name={accepted ? "tick" : "close"} />
          </span>
          <Link href={executionPath(executionId)}>{executionId}</Link>
          <span className={styles.said}>{accepted ? "Accepted" : `${code}: ${message}`}</span>
        </li>
      ))}
    </ul>
  );
}
