import { Link } from "wouter";
import type { Failure as FailureRecord } from "../../fold/run";
import { useExecution } from "../store";
import { changeView } from "../view";
import styles from "./Inspector.module.css";
import { Section } from "./Section";

/** Why a node or an execution failed, and which node did it if that is another one. */
export function Failure({ error, nodeId, title = "Error" }: { error: FailureRecord; nodeId?: string; title?: string }) {
  const { topology } = useExecution();
  const culprit = error.nodeId && error.nodeId !== nodeId ? error.nodeId : null;
  return (
    <Section title={title}>
      <div className={styles.failure}>
        <code>{error.code}</code>
        <p>{error.message}</p>
        {culprit && (
          <Link href="" onClick={(event) => (event.preventDefault(), changeView({ node: culprit }))}>
            In {topology.title(culprit)}
          </Link>
        )}
      </div>
    </Section>
  );
}
