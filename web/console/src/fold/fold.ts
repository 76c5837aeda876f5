import { EDGE_FOLDS } from "./fold-edges";
import { EXECUTION_FOLDS } from "./fold-execution";
import { NODE_FOLDS } from "./fold-nodes";
import { CHILD_FOLDS } from "./fold-children";
import type { DataOf, Kind, LogEvent } from "./event";
import type { Run } from "./run";

/** What some kinds of events change in a run, beside its place in the log. */
export type Folds = { [K in Kind]?: (run: Run, data: DataOf<K>, at: number) => void };

const FOLDS: Folds = { ...EXECUTION_FOLDS, ...NODE_FOLDS, ...EDGE_FOLDS, ...CHILD_FOLDS };

/** Takes the next event of the log into a run; one that it has already is left out. */
export function fold(run: Run, event: LogEvent): void {
  if (event.index <= run.index) return;
  const at = Math.max(event.at, run.at);
  const change = FOLDS[event.type] as ((run: Run, data: unknown, at: number) => void) | undefined;
  change?.(run, event.data, at);
  run.index = event.index;
  run.at = at;
}
