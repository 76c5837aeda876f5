import { useQuery } from "urql";
import { useParams, useSearchParams } from "wouter";
import { FlowVersionsDocument, type FlowVersionsQuery } from "../api/generated/operations";
import { problemOf } from "../api/problem";
import { control } from "../design/Field";
import { Loading, Notice, ProblemNotice } from "../design/Notice";
import { Page } from "../design/Page";
import { Tabs } from "../design/Tabs";
import { Time } from "../design/Time";
import { DeleteFlow } from "./DeleteFlow";
import styles from "./FlowPage.module.css";
import { FlowTab, TABS } from "./tabs";

type Flow = NonNullable<FlowVersionsQuery["flow"]>;

export default function FlowPage() {
  const { flowId = "" } = useParams();
  const [{ data, error }, read] = useQuery({ query: FlowVersionsDocument, variables: { flowId, first: 100 } });
  const [parameters, setParameters] = useSearchParams();
  if (error) return <ProblemNotice problem={problemOf(error)} onRetry={read} />;
  if (!data) return <Loading label="Loading the flow" />;
  const { flow } = data;
  if (!flow) return <Notice title="There is no such flow" />;
  const newest = flow.versions.edges[0]?.node.version ?? 1;
  const number = Number(parameters.get("version")) || newest;
  const tab = TABS.find(({ id }) => id === parameters.get("tab")) ?? TABS[0]!;
  const go = (changes: Record<string, string>) =>
    setParameters((before) => ({ ...Object.fromEntries(before), ...changes }), { replace: true });
  const saved = (version: number) => {
    read({ requestPolicy: "network-only" });
    go({ version: String(version) });
  };
  const actions = (
    <>
      <Versions flow={flow} number={number} onChoose={(version) => go({ version })} />
      <DeleteFlow flowId={flow.id} name={flow.name} />
    </>
  );
  return (
    <Page title={flow.name} about={flow.description} actions={actions}>
      <div className={styles.tabs}>
        <Tabs label="Flow" tabs={TABS} chosen={tab.id} onChoose={(id) => go({ tab: id })} />
      </div>
      <div role="tabpanel" aria-label={tab.title} className={styles.tab}>
        <FlowTab tab={tab} flowId={flow.id} number={number} newest={newest} onSaved={saved} />
      </div>
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
