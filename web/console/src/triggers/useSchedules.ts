import { SchedulesDocument, type ScheduleRowFragment } from "../api/generated/operations";
import { useList, type List } from "../api/list";

/** The schedules of a flow, or of all flows that the viewer may see, newest first. */
export const useSchedules = (flowId: string | null): List<ScheduleRowFragment> =>
  useList(SchedulesDocument, { flowId }, (data) => data.schedules);
