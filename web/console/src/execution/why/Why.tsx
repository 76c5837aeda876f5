import { useEffect } from "react";
import { useQuery } from "urql";
import { WhyDocument, type WhyQuery } from "../../api/generated/operations";
import { problemOf } from "../../api/problem";
import { Link } from "wouter";
import { executionPath } from "../../app/routes";
import { Button } from "../../design/Button";
import { classes } from "../../design/classes";
import { Loading, Notice, ProblemNotice } from "../../design/Notice";
import inspector from "../inspector/Inspector.module.css";
import { useExecution, useHead } from "../store";
import { changeView, useView } from "../view";
import styles from "./Why.module.css";

/** How long after an event it is asked again, so that many at once are one question. */
const SETTLE_MS = 300;

type Reason = WhyQuery["whyNotRunning"]["reasons"][number];

/** Why the chosen node, or else the execution, does not run right now: the root cause first. */
export default function Why() {
  const { execution, topology } = useExecution();
  const { node } = useView();
  const [{ data, error, fetching }, read] = useQuery({
    query: WhyDocument,
    variables: { executionId: execution.id, nodeId: node },
    requestPolicy: "network-only",
  });
  const index = useHead((run) => run.index);
  useEffect(() => {
    const timer = window.setTimeout(read, SETTLE_MS);
    return () => window.clearTimeout(timer);
  }, [index, read]);
  const subject = node === null ? "The execution" : `“${topology.title(node)}”`;
  if (error) return <ProblemNotice problem={problemOf(error)} onRetry={read} />;
  if (!data) return <Loading label="Asking why" />;
  const { running, reasons } = data.whyNotRunning;
  const hasEnded = reasons.some(({ code }) => code === "ENDED");
  if (running) return <Notice title={`${subject} runs`}>A worker runs it, or is just about to.</Notice>;
  return (
    <div className={inspector.details}>
      <h2>
        {subject} {hasEnded ? "has ended" : "does not run now"}
      </h2>
      <ol className={styles.reasons}>
        {reasons.map((reason, place) => (
          <ReasonItem
            key={`${reason.code}${reason.nodeId}${reason.executionId}`}
            reason={reason}
            isRoot={place === 0 && !hasEnded}
          />
        ))}
      </ol>
      {!hasEnded && (
        <Button className={styles.again} disabled={fetching} onClick={read}>
          Ask again
        </Button>
      )}
    </div>
  );
}

function ReasonItem({ reason, isRoot }: { reason: Reason; isRoot: boolean }) {
  const { topology, execution } = useExecution();
  const { code, message, nodeId, executionId } = reason;
  return (
    <li className={classes(styles.reason, isRoot && styles.root)}>
      {isRoot && <span className={styles.mark}>Root cause</span>}
      <p>{message}</p>
      <code>{code}</code>
      {nodeId && topology.nodes.has(nodeId) && (
        <Button onClick={() => changeView({ node: nodeId })}>Show {topology.title(nodeId)}</Button>
      )}
      {executionId && executionId !== execution.id && <Link href={executionPath(executionId)}>{executionId}</Link>}
    </li>
  );
}
