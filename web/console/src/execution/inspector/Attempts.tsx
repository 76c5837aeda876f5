import { duration, exact } from "../../design/words";
import { statusText } from "../../design/Status";
import type { NodeRecord, Span } from "../../fold/run";
import { useMoment } from "../store";
import styles from "./Inspector.module.css";
import { Section } from "./Section";

/** What a node has spent its time on. */
export function Attempts({ record: { spans } }: { record: NodeRecord }) {
  const isOpen = spans.at(-1)?.to === null;
  const now = useMoment(isOpen);
  if (spans.length === 0) return null;
  return (
    <Section title="Attempts and waits">
      <ol className={styles.list}>
        {spans.map((span) => (
          <li key={`${span.kind}${span.from}`} title={`From ${exact(span.from)}`}>
            <span className={styles.wide}>{nameOf(span)}</span>
            <span className={styles.figure}>{duration((span.to ?? now) - span.from)}</span>
          </li>
        ))}
      </ol>
    </Section>
  );
}

function nameOf({ kind, attempt, outcome }: Span): string {
  if (kind === "retry") return "Until the next attempt";
  if (kind === "wait") return "Wait";
  if (outcome === "LOST") return `Attempt ${attempt}, lost with its worker`;
  return outcome ? `Attempt ${attempt}, ${statusText(outcome).toLowerCase()}` : `Attempt ${attempt}`;
}
