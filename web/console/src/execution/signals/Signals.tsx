import { Button } from "../../design/Button";
import { Notice } from "../../design/Notice";
import type { NodeRecord } from "../../fold/run";
import { Remark } from "../../forms/Form";
import { Section } from "../inspector/Section";
import styles from "../inspector/Inspector.module.css";
import { sameItems, useExecution, useHead, useSelected } from "../store";
import { changeView } from "../view";
import { AnySignal } from "./AnySignal";
import { SignalForm } from "./SignalForm";
import { signalSchema, signalWaits } from "./waits";

/** The signals that the execution waits for now, each with the form of what it is to carry. */
export default function Signals() {
  const waits = useSelected((store) => signalWaits(store.head), sameItems);
  const hasEnded = useHead((run) => run.hasEnded);
  if (hasEnded) return <Notice title="It has ended">It takes no more signals.</Notice>;
  return (
    <div className={styles.details}>
      <h2>Signals</h2>
      {waits.length === 0 && <Remark>It waits for no signal now. One that is sent early is kept for its wait.</Remark>}
      {waits.map((node) => (
        <Wait key={node.id} node={node} />
      ))}
      <Section title="Another signal">
        <AnySignal />
      </Section>
    </div>
  );
}

function Wait({ node: { id, wait } }: { node: NodeRecord }) {
  const { topology, head } = useExecution();
  const show = (
    <Button look="quiet" onClick={() => changeView({ node: id, side: "details" })}>
      Show
    </Button>
  );
  return (
    <Section title={topology.title(id)} actions={show}>
      <SignalForm name={wait!.signal!} schema={signalSchema(head, id)} />
    </Section>
  );
}
