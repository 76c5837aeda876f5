import type { TypedDocumentNode } from "@urql/core";
import { useEffect, useState } from "react";
import { useClient } from "urql";
import { PauseDocument, ResumeDocument, StartDocument, StepDocument, StopDocument } from "../api/generated/operations";
import { problemOf } from "../api/problem";
import type { ExecutionStatus } from "../api/generated/schema";
import { Button } from "../design/Button";
import type { IconName } from "../design/Icon";
import { toastProblem } from "../design/Toasts";
import styles from "./Controls.module.css";
import { useExecution, useHead } from "./store";

interface Command {
  name: string;
  icon: IconName;
  about: string;
  document: TypedDocumentNode<unknown, { executionId: string }>;
  /** When the API accepts it; elsewhere it is refused. */
  accepted: readonly ExecutionStatus[];
  /** Whether it has no place on the page where it is not accepted. */
  isOnlyThere?: boolean;
}

const COMMANDS: readonly Command[] = [
  {
    name: "Start",
    icon: "play",
    about: "Let its nodes run",
    document: StartDocument,
    accepted: ["CREATED"],
    isOnlyThere: true,
  },
  {
    name: "Resume",
    icon: "play",
    about: "Let it go on",
    document: ResumeDocument,
    accepted: ["PAUSED"],
    isOnlyThere: true,
  },
  {
    name: "Pause",
    icon: "pause",
    about: "Start no more nodes; those that run may finish",
    document: PauseDocument,
    accepted: ["RUNNING"],
    isOnlyThere: true,
  },
  { name: "Step", icon: "step", about: "Let one more node run", document: StepDocument, accepted: ["PAUSED"] },
  {
    name: "Stop",
    icon: "stop",
    about: "End it now, with all that it spawned",
    document: StopDocument,
    accepted: ["CREATED", "RUNNING", "PAUSED"],
  },
];

/** What can be asked of the execution as it is now, whichever moment of it is shown. */
export function Controls() {
  const { execution } = useExecution();
  const status = useHead((run) => run.status);
  const index = useHead((run) => run.index);
  const [asked, setAsked] = useState<string | null>(null);
  const client = useClient();
  // What comes next tells what has become of the command.
  useEffect(() => setAsked(null), [index]);

  const ask = async ({ name, document }: Command) => {
    setAsked(name);
    const { error } = await client.mutation(document, { executionId: execution.id }).toPromise();
    if (!error) return;
    setAsked(null);
    toastProblem(problemOf(error));
  };
  if (["COMPLETED", "FAILED", "STOPPED"].includes(status)) return null;
  return (
    <div role="toolbar" aria-label="Commands" className={styles.controls}>
      {COMMANDS.filter(({ accepted, isOnlyThere }) => !isOnlyThere || accepted.includes(status)).map((command) => (
        <Button
          key={command.name}
          icon={command.icon}
          look={
            command.name === "Stop"
              ? "danger"
              : command.name === "Start" || command.name === "Resume"
                ? "primary"
                : "plain"
          }
          title={command.about}
          disabled={asked !== null || !command.accepted.includes(status)}
          aria-busy={asked === command.name}
          onClick={() => void ask(command)}
        >
          {command.name}
        </Button>
      ))}
    </div>
  );
}
