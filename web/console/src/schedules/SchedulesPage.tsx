import { useQuery } from "urql";
import { Link } from "wouter";
import { FlowsDocument } from "../api/generated/operations";
import { flowPath } from "../app/routes";
import { Page, Panel } from "../design/Page";
import { Schedules } from "../triggers/Schedules";
import { useSchedules } from "../triggers/useSchedules";

export default function SchedulesPage() {
  const schedules = useSchedules(null);
  const [{ data }] = useQuery({ query: FlowsDocument, variables: { first: 100 } });
  const names = new Map(data?.flows.edges.map(({ node }) => [node.id, node.name]));
  const flowOf = (flowId: string) => (
    <Link href={`${flowPath(flowId)}?tab=schedules`}>{names.get(flowId) ?? flowId}</Link>
  );
  return (
    <Page title="Schedules" about="What runs by itself, and when. New ones are made on the page of a flow.">
      <Panel>
        <Schedules schedules={schedules} flowOf={flowOf} none="Make one on the page of a flow, under “Schedules”." />
      </Panel>
    </Page>
  );
}
