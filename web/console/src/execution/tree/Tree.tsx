import { useVirtualizer } from "@tanstack/react-virtual";
import { useMemo, useRef, useState } from "react";
import type { ExecutionStatus } from "../../api/generated/schema";
import { ProblemNotice } from "../../design/Notice";
import { StatusSign, statusText } from "../../design/Status";
import { counted, number } from "../../design/words";
import { useExecution } from "../store";
import type { Forest } from "./forest";
import styles from "./Tree.module.css";
import { TreeRow } from "./TreeRow";
import { useForest } from "./useForest";

const ROW = 26;

/** All executions of the tree that this one belongs to, as they spawn each other. It shows them as they are now. */
export default function Tree() {
  const { execution } = useExecution();
  const { forest, version, problem } = useForest(execution.rootExecutionId);
  const [folded, setFolded] = useState<ReadonlySet<string>>(new Set());
  const members = useMemo(() => forest.visible(folded), [forest, folded, version]);
  const box = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({
    count: members.length,
    getScrollElement: () => box.current,
    estimateSize: () => ROW,
    getItemKey: (place) => members[place]!.id,
    overscan: 10,
  });
  const toggle = (id: string) =>
    setFolded((before) => {
      const next = new Set(before);
      if (!next.delete(id)) next.add(id);
      return next;
    });
  if (problem) return <ProblemNotice problem={problem} />;
  return (
    <div className={styles.tree}>
      <Counts forest={forest} version={version} />
      <div ref={box} className={styles.scroll} tabIndex={0} role="region" aria-label="Executions of the tree">
        <ol className={styles.rows} style={{ height: rows.getTotalSize() }}>
          {rows.getVirtualItems().map(({ key, index, start }) => {
            const member = members[index]!;
            return (
              <TreeRow
                key={key}
                member={member}
                top={start}
                childCount={forest.childrenOf(member.id).length}
                isOpen={!folded.has(member.id)}
                isHere={member.id === execution.id}
                onToggle={() => toggle(member.id)}
              />
            );
          })}
        </ol>
      </div>
    </div>
  );
}

const ORDER: readonly ExecutionStatus[] = ["RUNNING", "PAUSED", "CREATED", "FAILED", "STOPPED", "COMPLETED"];

function Counts({ forest, version }: { forest: Forest; version: number }) {
  const counts = useMemo(() => {
    const found = new Map<ExecutionStatus, number>();
    for (const { status } of forest.members.values()) found.set(status, (found.get(status) ?? 0) + 1);
    return found;
  }, [forest, version]);
  return (
    <div className={styles.counts}>
      {counted(forest.members.size, "execution")}
      {ORDER.filter((status) => counts.has(status)).map((status) => (
        <span key={status} title={statusText(status)}>
          <StatusSign status={status} />
          {number(counts.get(status)!)} {statusText(status).toLowerCase()}
        </span>
      ))}
    </div>
  );
}
