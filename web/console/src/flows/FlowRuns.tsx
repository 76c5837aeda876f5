import { useEffect } from "react";
import { Link } from "wouter";
import { follow } from "../api/follow";
import { useList } from "../api/list";
import { FlowRunsChangedDocument, FlowRunsDocument, type FlowRunsQuery } from "../api/generated/operations";
import { executionPath } from "../app/routes";
import { Loading, Notice, ProblemNotice } from "../design/Notice";
import { Panel } from "../design/Page";
import { Status } from "../design/Status";
import { More, Table, type Column } from "../design/Table";
import { Duration, Time } from "../design/Time";
import { number } from "../design/words";

type Run = FlowRunsQuery["rootExecutions"]["edges"][number]["node"];

const COLUMNS: Column<Run>[] = [
  { title: "Execution", cell: ({ execution: { id } }) => <Link href={executionPath(id)}>{id}</Link> },
  { title: "Status", cell: ({ execution }) => <Status status={execution.status} /> },
  { title: "Version", cell: ({ execution }) => execution.flowVersion.version, isNumber: true, isMinor: true },
  { title: "Children", cell: ({ totalNested }) => number(totalNested), isNumber: true, isMinor: true },
  { title: "Duration", cell: ({ execution }) => <Took execution={execution} />, isNumber: true },
  { title: "Created", cell: ({ execution }) => <Time at={execution.createdAt} />, isMinor: true },
];

function Took({ execution: { startedAt, completedAt } }: { execution: Run["execution"] }) {
  if (!startedAt) return "–";
  return <Duration from={Date.parse(startedAt)} to={completedAt ? Date.parse(completedAt) : null} />;
}

/** The executions of a flow that no other one spawned, as they come and go. */
export function FlowRuns({ flowId }: { flowId: string }) {
  const { rows, problem, hasMore, isLoading, more, refresh } = useList(
    FlowRunsDocument,
    { flowId },
    (data) => data.rootExecutions,
  );
  useEffect(
    () =>
      follow({
        document: FlowRunsChangedDocument,
        variables: () => ({ flowId }),
        onData: refresh,
        onEnd: () => {},
      }),
    [flowId, refresh],
  );
  return (
    <Panel title="Executions">
      {problem && <ProblemNotice problem={problem} onRetry={refresh} />}
      {!rows && !problem && <Loading lines={3} label="Loading executions" />}
      {rows && rows.length > 0 && <Table label="Executions" columns={COLUMNS} rows={rows} keyOf={(run) => run.id} />}
      {rows?.length === 0 && <Notice title="It has not run yet">Run it with the form above.</Notice>}
      {hasMore && <More isLoading={isLoading} onMore={more} />}
    </Panel>
  );
}
