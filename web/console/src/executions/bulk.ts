import type { TypedDocumentNode } from "@urql/core";
import {
  PauseAllDocument,
  ResumeAllDocument,
  StopAllDocument,
  type AnswersFragment,
} from "../api/generated/operations";
import type { ExecutionFilter } from "../api/generated/schema";
import type { IconName } from "../design/Icon";

export type Answer = AnswersFragment["results"][number];

/** A command to all executions that match. */
export interface Bulk {
  name: string;
  icon: IconName;
  /** What becomes of them. */
  about: string;
  document: TypedDocumentNode<
    { answer: AnswersFragment },
    { filter: ExecutionFilter; reason?: string | null | undefined }
  >;
  isDangerous?: boolean;
  /** Whether one can say why. */
  hasReason: boolean;
}

export const BULKS: readonly Bulk[] = [
  {
    name: "Pause",
    icon: "pause",
    about: "They start no more nodes, nor does what they have spawned; what runs may finish.",
    document: PauseAllDocument,
    hasReason: true,
  },
  {
    name: "Resume",
    icon: "play",
    about: "Those that are paused go on, with all that they have spawned.",
    document: ResumeAllDocument,
    hasReason: false,
  },
  {
    name: "Stop",
    icon: "stop",
    about: "They end now, with all that they have spawned. This cannot be undone.",
    document: StopAllDocument,
    isDangerous: true,
    hasReason: true,
  },
];
