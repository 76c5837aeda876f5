import { useEffect } from "react";
import { follow } from "../api/follow";
import { RunsChangedDocument, RunsDocument, type RunFragment } from "../api/generated/operations";
import type { ExecutionFilter } from "../api/generated/schema";
import { useList, type List } from "../api/list";

/** The root executions that match, newest first, as they come and go. */
export function useRuns(flowId: string | null, filter: ExecutionFilter | null): List<RunFragment> {
  const list = useList(RunsDocument, { flowId, filter }, (data) => data.rootExecutions);
  const { refresh, revise } = list;
  const statuses = filter?.statuses?.join() ?? "";
  useEffect(
    () =>
      follow({
        document: RunsChangedDocument,
        variables: () => ({ flowId }),
        onData({ rootExecutionsChanged: { executions } }) {
          const changed = new Map(executions.map((run) => [run.id, run]));
          const isWanted = (run: RunFragment) => !statuses || statuses.split(",").includes(run.execution.status);
          revise((row) => {
            const run = changed.get(row.id) ?? row;
            return isWanted(run) ? run : null;
          });
          // What is new has to be asked for: only the server knows whether it matches.
          refresh();
        },
        onEnd: () => {},
      }),
    [flowId, statuses, refresh, revise],
  );
  return list;
}
