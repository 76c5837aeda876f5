import type { ReactNode } from "react";
import { Link } from "wouter";
import type { RunFragment } from "../api/generated/operations";
import type { List } from "../api/list";
import { executionPath, flowPath } from "../app/routes";
import { Loading, ProblemNotice } from "../design/Notice";
import { Status } from "../design/Status";
import { More, Table, type Column } from "../design/Table";
import { Duration, Time } from "../design/Time";
import { number } from "../design/words";
import styles from "./Runs.module.css";

const EXECUTION: Column<RunFragment> = {
  title: "Execution",
  cell: ({ execution: { id, error, labels } }) => (
    <>
      <Link href={executionPath(id)} className={styles.id}>
        {id}
      </Link>
      {labels.map(({ name, value }) => (
        <span key={name} className={styles.label}>
          {name}: {value}
        </span>
      ))}
      {error && <div className={styles.error}>{error.message}</div>}
    </>
  ),
};

const FLOW: Column<RunFragment> = {
  title: "Flow",
  cell: ({ execution: { flowVersion } }) => <Link href={flowPath(flowVersion.flowId)}>{flowVersion.name}</Link>,
};

const FACTS: Column<RunFragment>[] = [
  { title: "Status", cell: ({ execution }) => <Status status={execution.status} /> },
  { title: "Version", cell: ({ execution }) => execution.flowVersion.version, isNumber: true, isMinor: true },
  { title: "Below it", cell: ({ totalNested }) => number(totalNested), isNumber: true, isMinor: true },
  { title: "Duration", cell: ({ execution }) => <Took execution={execution} />, isNumber: true, isMinor: true },
  { title: "Created", cell: ({ execution }) => <Time at={execution.createdAt} />, isMinor: true },
];

const OF_ONE_FLOW = [EXECUTION, ...FACTS];
const OF_ALL_FLOWS = [EXECUTION, FLOW, ...FACTS];

function Took({ execution: { startedAt, completedAt } }: { execution: RunFragment["execution"] }) {
  if (!startedAt) return "–";
  return <Duration from={Date.parse(startedAt)} to={completedAt ? Date.parse(completedAt) : null} />;
}

interface RunsProps {
  runs: List<RunFragment>;
  /** Whether they are all of one flow, which then need not be said. */
  isOfOneFlow?: boolean;
  /** What stands there if there are none. */
  none: ReactNode;
}

/** A list of executions that no other one spawned. */
export function Runs({ runs: { rows, problem, hasMore, isLoading, more, refresh }, isOfOneFlow, none }: RunsProps) {
  return (
    <>
      {problem && <ProblemNotice problem={problem} onRetry={refresh} />}
      {!rows && !problem && <Loading lines={3} label="Loading executions" />}
      {rows && rows.length > 0 && (
        <Table
          label="Executions"
          columns={isOfOneFlow ? OF_ONE_FLOW : OF_ALL_FLOWS}
          rows={rows}
          keyOf={(run) => run.id}
        />
      )}
      {rows?.length === 0 && !problem && none}
      {hasMore && <More isLoading={isLoading} onMore={more} />}
    </>
  );
}
