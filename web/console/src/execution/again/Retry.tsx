import { useState } from "react";
import { useLocation } from "wouter";
import { RetryDocument } from "../../api/generated/operations";
import { useCommand } from "../../app/command";
import { executionPath } from "../../app/routes";
import { Button } from "../../design/Button";
import type { Run } from "../../fold/run";
import { useExecution, useHead } from "../store";

/** Makes a new execution of what failed in this one, and leads there. */
export function Retry() {
  const { execution } = useExecution();
  const isOffered = useHead(leavesSomething);
  const isPlain = useHead((run) => run.status === "COMPLETED");
  const [isAsked, setAsked] = useState(false);
  const command = useCommand();
  const [, navigate] = useLocation();
  if (!isOffered) return null;
  const retry = async () => {
    setAsked(true);
    const data = await command(RetryDocument, { executionId: execution.id });
    setAsked(false);
    if (data) navigate(executionPath(data.retryExecution.execution.id));
  };
  return (
    <Button
      look={isPlain ? "plain" : "primary"}
      icon="again"
      disabled={isAsked}
      title="In a new execution, run what failed or never ran; what completed is taken over"
      onClick={() => void retry()}
    >
      Retry
    </Button>
  );
}

/** Whether there is something that a retry would run. */
function leavesSomething({ status, failedNodes, children }: Run): boolean {
  if (status === "FAILED" || status === "STOPPED") return true;
  return status === "COMPLETED" && (failedNodes > 0 || [...children.values()].some((child) => child.error !== null));
}
