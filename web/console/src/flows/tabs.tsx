import { lazy, Suspense, type ComponentType } from "react";
import { useQuery } from "urql";
import { FlowVersionDocument } from "../api/generated/operations";
import { problemOf } from "../api/problem";
import { Loading, ProblemNotice } from "../design/Notice";
import type { Version } from "../forms/flow-inputs";
import { Overview } from "./Overview";

export interface TabProps {
  flowId: string;
  /** The version that is shown, and the newest one. */
  number: number;
  newest: number;
  onSaved: (version: number) => void;
}

interface Tab {
  /** What it is called in addresses. */
  id: string;
  title: string;
  view: ComponentType<TabProps>;
}

const FlowDocument = lazy(() => import("./document/FlowDocument"));
const FlowSchedules = lazy(() => import("../triggers/FlowSchedules"));
const Webhooks = lazy(() => import("../triggers/Webhooks"));

/** What the page of a flow can show; the first is shown at first. */
export const TABS: readonly Tab[] = [
  { id: "overview", title: "Graph and runs", view: (props) => <OfVersion {...props} view={Overview} /> },
  { id: "document", title: "Document", view: (props) => <FlowDocument key={props.number} {...props} /> },
  {
    id: "schedules",
    title: "Schedules",
    view: (props) => <OfVersion {...props} number={props.newest} view={FlowSchedules} />,
  },
  { id: "webhooks", title: "Webhooks", view: ({ flowId }) => <Webhooks flowId={flowId} /> },
];

export function FlowTab({ tab: { view: View }, ...props }: TabProps & { tab: Tab }) {
  return (
    <Suspense fallback={<Loading />}>
      <View {...props} />
    </Suspense>
  );
}

interface OfVersionProps extends TabProps {
  view: ComponentType<{ version: Version }>;
}

function OfVersion({ flowId, number, view: View }: OfVersionProps) {
  const [{ data, error }, read] = useQuery({ query: FlowVersionDocument, variables: { flowId, number } });
  const version = data?.flow?.version;
  if (error) return <ProblemNotice problem={problemOf(error)} onRetry={read} />;
  if (version?.version !== number) return <Loading label="Loading the version" />;
  return <View key={version.id} version={version} />;
}
