import { Link } from "wouter";
import { executionPath, flowPath } from "../app/routes";
import { Status, StatusSign, statusText } from "../design/Status";
import { Duration, Time } from "../design/Time";
import type { NodeStatus } from "../api/generated/schema";
import { number } from "../design/words";
import styles from "./Header.module.css";
import { useExecution, useRun, useSelected } from "./store";
import { ACTIONS } from "./views";

export function Header() {
  const { execution } = useExecution();
  const { flow, flowVersion, id, createdAt, parentExecutionId, forkedFromId } = execution;
  const status = useRun((run) => run.status);
  return (
    <header className={styles.header}>
      <div className={styles.what}>
        <h1 className={styles.name}>
          {flow ? (
            <Link href={`${flowPath(flow.id)}?version=${flowVersion.version}`}>{flowVersion.name}</Link>
          ) : (
            flowVersion.name
          )}
          <span className={styles.version}>version {flowVersion.version}</span>
        </h1>
        <div className={styles.facts}>
          <Status status={status} />
          <Took />
          <span className={styles.minor}>
            created <Time at={createdAt} />
          </span>
          <code className={styles.id}>{id}</code>
          {parentExecutionId && <Link href={executionPath(parentExecutionId)}>Parent</Link>}
          {forkedFromId && <Link href={executionPath(forkedFromId)}>Forked from</Link>}
        </div>
      </div>
      <Counts />
      {ACTIONS.map((Action, place) => (
        <Action key={place} />
      ))}
    </header>
  );
}

/** How long it ran, until the moment that is shown. */
function Took() {
  const startedAt = useRun((run) => run.startedAt);
  const until = useSelected(({ shown, at }) => (shown.hasEnded || at !== null ? shown.at : null));
  if (startedAt === null) return null;
  return (
    <span className={styles.took}>
      <Duration from={startedAt} to={until} />
    </span>
  );
}

const ORDER: readonly NodeStatus[] = ["EXECUTING", "WAITING", "FAILED", "COMPLETED", "SKIPPED", "READY", "IDLE"];

function Counts() {
  const counts = useRun(
    (run) => {
      const found: Partial<Record<NodeStatus, number>> = {};
      for (const { status } of run.nodes.values()) found[status] = (found[status] ?? 0) + 1;
      return ORDER.map((status) => found[status] ?? 0);
    },
    (a, b) => a.every((count, place) => count === b[place]),
  );
  return (
    <ul className={styles.counts} aria-label="Nodes by status">
      {ORDER.map((status, place) => {
        const count = counts[place] ?? 0;
        return (
          count > 0 && (
            <li key={status} title={`${statusText(status)}: ${number(count)} nodes`}>
              <StatusSign status={status} />
              {number(count)}
            </li>
          )
        );
      })}
    </ul>
  );
}
