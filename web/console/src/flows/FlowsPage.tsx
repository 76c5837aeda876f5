import { useDeferredValue } from "react";
import { Link, useLocation, useSearchParams } from "wouter";
import { useList } from "../api/list";
import { FlowsDocument, type FlowsQuery } from "../api/generated/operations";
import { flowPath, NEW_FLOW } from "../app/routes";
import { Button } from "../design/Button";
import { control } from "../design/Field";
import { Loading, Notice, ProblemNotice } from "../design/Notice";
import { Page, Panel } from "../design/Page";
import { More, Table, type Column } from "../design/Table";
import { Time } from "../design/Time";
import styles from "./FlowsPage.module.css";

type Flow = FlowsQuery["flows"]["edges"][number]["node"];

const COLUMNS: Column<Flow>[] = [
  { title: "Flow", cell: (flow) => <FlowName flow={flow} /> },
  { title: "Version", cell: (flow) => flow.latest.version, isNumber: true, isMinor: true },
  { title: "Changed", cell: (flow) => <Time at={flow.updatedAt} />, isMinor: true },
  { title: "Created", cell: (flow) => <Time at={flow.createdAt} /> },
];

export default function FlowsPage() {
  const [parameters, setParameters] = useSearchParams();
  const search = useDeferredValue(parameters.get("search") ?? "");
  const { rows, problem, hasMore, isLoading, more, refresh } = useList(
    FlowsDocument,
    { search: search || null },
    (data) => data.flows,
  );
  return (
    <Page title="Flows" about="What can be run here, newest first." actions={<NewFlow />}>
      <input
        type="search"
        className={`${control} ${styles.search}`}
        placeholder="Search names and descriptions"
        aria-label="Search flows"
        value={parameters.get("search") ?? ""}
        onChange={({ target }) => setParameters(target.value ? { search: target.value } : {}, { replace: true })}
      />
      <Panel>
        {problem && <ProblemNotice problem={problem} onRetry={refresh} />}
        {!rows && !problem && <Loading label="Loading flows" />}
        {rows && rows.length > 0 && <Table label="Flows" columns={COLUMNS} rows={rows} keyOf={(flow) => flow.id} />}
        {rows?.length === 0 && !problem && <NoFlows search={search} />}
        {hasMore && <More isLoading={isLoading} onMore={more} />}
      </Panel>
    </Page>
  );
}

function FlowName({ flow }: { flow: Flow }) {
  return (
    <>
      <Link href={flowPath(flow.id)} className={styles.name}>
        {flow.name}
      </Link>
      {flow.description && <div className={styles.description}>{flow.description}</div>}
    </>
  );
}

function NewFlow() {
  const [, navigate] = useLocation();
  return (
    <Button look="primary" icon="plus" onClick={() => navigate(NEW_FLOW)}>
      New flow
    </Button>
  );
}

function NoFlows({ search }: { search: string }) {
  if (search) return <Notice title={`No flow has “${search}” in its name or description`} />;
  return (
    <Notice title="There are no flows yet">
      Make one here, or run one from a file: <code>tidegate run FLOW.yaml</code>
    </Notice>
  );
}
