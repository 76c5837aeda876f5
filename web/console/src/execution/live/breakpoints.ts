import { useClient } from "urql";
import { SetBreakpointsDocument } from "../../api/generated/operations";
import { problemOf } from "../../api/problem";
import { toastProblem } from "../../design/Toasts";
import { useExecution } from "../store";

/** Sets a breakpoint before a node of the execution as it is now, or takes it away. */
export function useToggleBreakpoint(): (nodeId: string) => Promise<void> {
  const { execution, history } = useExecution();
  const client = useClient();
  return async (nodeId) => {
    const nodeIds = new Set(history.head.breakpoints);
    if (!nodeIds.delete(nodeId)) nodeIds.add(nodeId);
    const variables = { executionId: execution.id, nodeIds: [...nodeIds] };
    const { error } = await client.mutation(SetBreakpointsDocument, variables).toPromise();
    if (error) toastProblem(problemOf(error));
  };
}
