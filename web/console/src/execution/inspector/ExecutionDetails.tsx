import { Link } from "wouter";
import { executionPath } from "../../app/routes";
import { Clock } from "../../design/Time";
import { Failure } from "./Failure";
import styles from "./Inspector.module.css";
import { Children } from "./Children";
import { Section, ValueSection } from "./Section";
import { useExecution, useRun } from "../store";

export function ExecutionDetails() {
  const { execution } = useExecution();
  const outputs = useRun((run) => run.outputs);
  const error = useRun((run) => run.error);
  const reason = useRun((run) => run.reason);
  return (
    <div className={styles.details}>
      <h2>Execution</h2>
      {error && <Failure error={error} />}
      {reason && (
        <Section title="Reason">
          <p>{reason}</p>
        </Section>
      )}
      <ValueSection title="Inputs" value={execution.inputs} />
      {outputs && <ValueSection title="Outputs" value={outputs} />}
      <Facts />
      <Children nodeId={null} />
    </div>
  );
}

function Facts() {
  const { execution } = useExecution();
  const startedAt = useRun((run) => run.startedAt);
  const endedAt = useRun((run) => run.endedAt);
  const workerId = useRun((run) => run.workerId);
  const lostWorkers = useRun((run) => run.lostWorkers);
  const { id, createdAt, rootExecutionId, labels, options } = execution;
  return (
    <Section title="Facts">
      <dl className={styles.facts}>
        <Moment title="Created" at={Date.parse(createdAt)} />
        {startedAt !== null && <Moment title="Started" at={startedAt} />}
        {endedAt !== null && <Moment title="Ended" at={endedAt} />}
        {rootExecutionId !== id && (
          <>
            <dt>Root</dt>
            <dd>
              <Link href={executionPath(rootExecutionId)}>{rootExecutionId}</Link>
            </dd>
          </>
        )}
        {workerId && (
          <>
            <dt>Worker</dt>
            <dd>{workerId}</dd>
          </>
        )}
        {lostWorkers > 0 && (
          <>
            <dt>Lost workers</dt>
            <dd>{lostWorkers}</dd>
          </>
        )}
        <dt>Recorded</dt>
        <dd>{{ ALL: "everything", NODES: "nodes", FLOW: "nodes, few streams" }[options.recordEvents]}</dd>
        {labels.map(({ name, value }) => (
          <div key={name} className={styles.pair}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </Section>
  );
}

function Moment({ title, at }: { title: string; at: number }) {
  return (
    <>
      <dt>{title}</dt>
      <dd>
        <Clock at={at} />
      </dd>
    </>
  );
}
