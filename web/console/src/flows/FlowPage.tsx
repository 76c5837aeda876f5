import { lazy, Suspense, useMemo } from "react";
import { useQuery } from "urql";
import { useParams, useSearchParams } from "wouter";
import { FlowVersionDocument, FlowVersionsDocument, type FlowVersionsQuery } from "../api/generated/operations";
import { problemOf } from "../api/problem";
import { control } from "../design/Field";
import { Loading, Notice, ProblemNotice } from "../design/Notice";
import { Page, Panel } from "../design/Page";
import { Time } from "../design/Time";
import { Topology } from "../fold/topology";
import styles from "./FlowPage.module.css";
import { FlowRuns } from "./FlowRuns";
import { RunForm } from "./RunForm";

const FlowGraph = lazy(() => import("../graph/FlowGraph"));

type Flow = NonNullable<FlowVersionsQuery["flow"]>;

export default function FlowPage() {
  const { flowId = "" } = useParams();
  const [{ data, error }, read] = useQuery({ query: FlowVersionsDocument, variables: { flowId, first: 100 } });
  const [parameters, setParameters] = useSearchParams();
  if (error) return <ProblemNotice problem={problemOf(error)} onRetry={read} />;
  if (!data) return <Loading label="Loading the flow" />;
  const { flow } = data;
  if (!flow) return <Notice title="There is no such flow" />;
  const number = Number(parameters.get("version")) || (flow.versions.edges[0]?.node.version ?? 1);
  const choose = (version: string) => setParameters({ version }, { replace: true });
  return (
    <Page
      title={flow.name}
      about={flow.description}
      actions={<Versions flow={flow} number={number} onChoose={choose} />}
    >
      <FlowVersion key={number} flowId={flow.id} number={number} />
      <FlowRuns flowId={flow.id} />
    </Page>
  );
}

interface VersionsProps {
  flow: Flow;
  number: number;
  onChoose: (version: string) => void;
}

function Versions({ flow, number, onChoose }: VersionsProps) {
  const versions = flow.versions.edges.map((edge) => edge.node);
  const shown = versions.find(({ version }) => version === number);
  return (
    <div className={styles.versions}>
      {shown && (
        <span className={styles.made}>
          made <Time at={shown.createdAt} />
        </span>
      )}
      <select className={control} aria-label="Version" value={number} onChange={({ target }) => onChoose(target.value)}>
        {versions.map(({ id, version }, place) => (
          <option key={id} value={version}>
            Version {version}
            {place === 0 ? " (newest)" : ""}
          </option>
        ))}
      </select>
    </div>
  );
}

function FlowVersion({ flowId, number }: { flowId: string; number: number }) {
  const [{ data, error }, read] = useQuery({ query: FlowVersionDocument, variables: { flowId, number } });
  const version = data?.flow?.version;
  const topology = useMemo(() => version && new Topology(version), [version]);
  if (error) return <ProblemNotice problem={problemOf(error)} onRetry={read} />;
  if (!version || !topology) return <Loading label="Loading the version" />;
  return (
    <div className={styles.columns}>
      <Panel title="Graph">
        <div className={styles.graph}>
          <Suspense fallback={<Loading label="Loading the graph" />}>
            <FlowGraph id={version.id} topology={topology} />
          </Suspense>
        </div>
      </Panel>
      <Panel title="Run">
        <RunForm version={version} />
      </Panel>
    </div>
  );
}
