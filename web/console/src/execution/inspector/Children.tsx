import { useState } from "react";
import { Link } from "wouter";
import { executionPath } from "../../app/routes";
import { Button } from "../../design/Button";
import { Status } from "../../design/Status";
import { counted } from "../../design/words";
import type { ChildRecord } from "../../fold/run";
import { sameItems, useRun } from "../store";
import styles from "./Inspector.module.css";
import { Section } from "./Section";

const SHOWN = 20;

/** The executions that a node has spawned, or that the execution has for the events it was made for. */
export function Children({ nodeId }: { nodeId: string | null }) {
  const children = useRun((run) => [...run.children.values()].filter((child) => child.nodeId === nodeId), sameItems);
  const [shown, setShown] = useState(SHOWN);
  if (children.length === 0) return null;
  return (
    <Section title={counted(children.length, "child", "children")}>
      <ul className={styles.list}>
        {children.slice(0, shown).map((child) => (
          <Child key={child.id} child={child} />
        ))}
      </ul>
      {children.length > shown && (
        <Button look="quiet" onClick={() => setShown(shown + 10 * SHOWN)}>
          Show more
        </Button>
      )}
    </Section>
  );
}

function Child({ child: { id, status, eventName } }: { child: ChildRecord }) {
  return (
    <li>
      <Status status={status} />
      <Link href={executionPath(id)}>{id}</Link>
      {eventName && <span>{eventName}</span>}
    </li>
  );
}
