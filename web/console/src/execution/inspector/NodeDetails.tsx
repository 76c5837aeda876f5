import { Button, IconButton } from "../../design/Button";
import { Status } from "../../design/Status";
import { useExecution, useHead, useMoment, useRun, useSelected } from "../store";
import { SignalForm } from "../signals/SignalForm";
import { signalSchema } from "../signals/waits";
import { changeView } from "../view";
import { useToggleBreakpoint } from "../live/breakpoints";
import { awaited } from "../live/standing";
import { Attempts } from "./Attempts";
import { Children } from "./Children";
import { Failure } from "./Failure";
import styles from "./Inspector.module.css";
import { Neighbours } from "./Neighbours";
import { Section, ValueSection } from "./Section";
import { Streams } from "./Streams";

export function NodeDetails({ nodeId }: { nodeId: string }) {
  const { topology } = useExecution();
  const node = topology.nodes.get(nodeId)!;
  const record = useRun((run) => run.nodes.get(nodeId)!);
  const { inputs, outputs, error, status, skipped } = record;
  const isHalted = useRun((run) => run.halted.has(nodeId));
  const isTold = status === "FAILED" || (status === "WAITING" && record.wait?.isRetry);
  return (
    <div className={styles.details}>
      <div className={styles.head}>
        <h2>{node.title}</h2>
        <IconButton icon="close" label="Show the execution" onClick={() => changeView({ node: null })} />
      </div>
      <div className={styles.about}>
        <Status status={status} />
        <code>{node.type}</code>
        {node.title !== nodeId && <code>{nodeId}</code>}
      </div>
      <Breakpoint nodeId={nodeId} />
      {record.wait && <Waiting nodeId={nodeId} />}
      {isHalted && (
        <Section title="What it waits for">
          <p>Its breakpoint has stopped the execution before it. Resume or step to let it run.</p>
        </Section>
      )}
      {skipped && (
        <Section title="Why it is skipped">
          <p>{skipped.reason ?? "What it waited for cannot come."}</p>
        </Section>
      )}
      {error && isTold && (
        <Failure error={error} nodeId={nodeId} title={status === "FAILED" ? "Error" : "Error of the last attempt"} />
      )}
      {inputs ? (
        <ValueSection title="Inputs" value={inputs} />
      ) : (
        <ValueSection title="Constants" value={node.constants} />
      )}
      <Streams streams={record.streams} />
      {Object.keys(outputs).length > 0 && <ValueSection title="Outputs" value={outputs} />}
      <Attempts record={record} />
      <Children nodeId={nodeId} />
      <Neighbours nodeId={nodeId} />
    </div>
  );
}

function Waiting({ nodeId }: { nodeId: string }) {
  const { head } = useExecution();
  const record = useRun((run) => run.nodes.get(nodeId)!);
  const isNow = useSelected((store) => store.shown === store.head);
  const signal = record.wait?.signal ?? null;
  return (
    <Section title="What it waits for">
      <p>{awaited(record, useMoment(true))}</p>
      {isNow && signal !== null && <SignalForm name={signal} schema={signalSchema(head, nodeId)} />}
    </Section>
  );
}

function Breakpoint({ nodeId }: { nodeId: string }) {
  const isSet = useHead((run) => run.breakpoints.has(nodeId));
  const isOver = useHead((run) => run.hasEnded);
  const toggle = useToggleBreakpoint();
  if (isOver) return null;
  return (
    <Button aria-pressed={isSet} className={styles.breakpoint} onClick={() => void toggle(nodeId)}>
      {isSet ? "Take the breakpoint away" : "Stop before this node"}
    </Button>
  );
}
