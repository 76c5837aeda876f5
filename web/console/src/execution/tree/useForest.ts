import { useEffect, useMemo, useState } from "react";
import { follow } from "../../api/follow";
import { TreeEventsDocument } from "../../api/generated/operations";
import type { Problem } from "../../api/problem";
import { logEvent } from "../../fold/event";
import { onNextFrame } from "../../state/frame";
import { Forest, KINDS } from "./forest";

interface Followed {
  forest: Forest;
  /** Another number with each change. */
  version: number;
  problem: Problem | null;
}

/** The tree below an execution, as it grows. */
export function useForest(rootId: string): Followed {
  const forest = useMemo(() => new Forest(rootId), [rootId]);
  const [version, setVersion] = useState(0);
  const [problem, setProblem] = useState<Problem | null>(null);
  useEffect(() => {
    let after: string | null = null;
    const show = onNextFrame(() => setVersion((before) => before + 1));
    return follow({
      document: TreeEventsDocument,
      variables: () => ({ executionId: rootId, after, eventTypes: KINDS }),
      onData({ executionTreeEvents: { events, cursor } }) {
        after = cursor;
        for (const { level, event } of events) forest.take(level, event.executionId, logEvent(event));
        if (events.length > 0) show();
      },
      onEnd: setProblem,
    });
  }, [forest, rootId]);
  return { forest, version, problem };
}
