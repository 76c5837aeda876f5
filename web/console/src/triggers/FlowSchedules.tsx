import { Columns, Panel } from "../design/Page";
import type { Version } from "../forms/flow-inputs";
import { ScheduleForm } from "./ScheduleForm";
import { Schedules } from "./Schedules";
import { useSchedules } from "./useSchedules";

/** When a flow is run by itself. */
export default function FlowSchedules({ version }: { version: Version }) {
  const schedules = useSchedules(version.flowId);
  return (
    <Columns>
      <Panel title="Schedules">
        <Schedules schedules={schedules} none="Each time that one is due runs the newest version of the flow." />
      </Panel>
      <Panel title="New schedule">
        <ScheduleForm version={version} onMade={schedules.refresh} />
      </Panel>
    </Columns>
  );
}
