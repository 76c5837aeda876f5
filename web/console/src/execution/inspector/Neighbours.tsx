import { Button } from "../../design/Button";
import type { EdgeRecord } from "../../fold/run";
import type { TopologyEdge } from "../../fold/topology";
import { sameItems, useExecution, useRun } from "../store";
import { changeView } from "../view";
import styles from "./Inspector.module.css";
import { Section } from "./Section";

/** Where a node's inputs come from and where its outputs go, and which of them have arrived. */
export function Neighbours({ nodeId }: { nodeId: string }) {
  const { topology } = useExecution();
  return (
    <>
      <Edges title="Comes from" edges={topology.to(nodeId)} isIncoming />
      <Edges title="Goes to" edges={topology.from(nodeId)} />
    </>
  );
}

const WORDS: Record<EdgeRecord, string> = { CARRIED: "arrived", FAILED: "did not fit", DEAD: "never comes" };

interface EdgesProps {
  title: string;
  edges: readonly TopologyEdge[];
  isIncoming?: boolean;
}

function Edges({ title, edges, isIncoming = false }: EdgesProps) {
  const { topology } = useExecution();
  const states = useRun((run) => edges.map(({ id }) => run.edges.get(id)), sameItems);
  if (edges.length === 0) return null;
  return (
    <Section title={title}>
      <ul className={styles.list}>
        {edges.map(({ id, source, sourcePort, target, targetPort }, place) => {
          const other = isIncoming ? source : target;
          const state = states[place];
          return (
            <li key={id}>
              <Button
                look="quiet"
                className={styles.wide}
                title={`${source}.${sourcePort} → ${target}.${targetPort}`}
                onClick={() => changeView({ node: other })}
              >
                {topology.title(other)}
                <code>{isIncoming ? targetPort : sourcePort}</code>
              </Button>
              <span className={styles.figure}>{state ? WORDS[state] : "awaited"}</span>
            </li>
          );
        })}
      </ul>
    </Section>
  );
}
