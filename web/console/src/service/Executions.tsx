import { Link } from "wouter";
import type { ExecutionStatus } from "../api/generated/schema";
import { Status, statusTone } from "../design/Status";
import { number } from "../design/words";
import type { Metrics } from "./metrics";
import styles from "./ServicePage.module.css";

/** How many executions have each status, those that others have spawned included. */
export function Executions({ metrics }: { metrics: Metrics }) {
  const counts = metrics.samples
    .filter(({ name }) => name === "tidegate_executions")
    .map(({ labels, value }) => ({ status: labels.status!.toUpperCase() as ExecutionStatus, count: value }));
  const most = Math.max(1, ...counts.map(({ count }) => count));
  return (
    <ul className={styles.bars} title={metrics.help.get("tidegate_executions")}>
      {counts.map(({ status, count }) => (
        <li key={status} className={statusTone(status)}>
          <Link href={`/executions?status=${status}`}>
            <Status status={status} />
          </Link>
          <span className={styles.bar}>
            <i style={{ width: `${(count / most) * 100}%` }} />
          </span>
          <span className={styles.count}>{number(count)}</span>
        </li>
      ))}
    </ul>
  );
}
