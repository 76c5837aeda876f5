import { useVirtualizer } from "@tanstack/react-virtual";
import { useRef } from "react";
import { Notice } from "../../design/Notice";
import { duration } from "../../design/words";
import type { Run } from "../../fold/run";
import { sameItems, useExecution, useMoment, useRun } from "../store";
import { ticks, type Scale } from "./scale";
import styles from "./Timeline.module.css";
import { TimelineRow } from "./TimelineRow";

const ROW = 26;

/** Where the time went: for each node that has begun, its attempts, its waits and its retries. */
export default function Timeline() {
  const { topology } = useExecution();
  const order = useRun(begunNodes, sameItems);
  const scale = useScale();
  const box = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({
    count: order.length,
    getScrollElement: () => box.current,
    estimateSize: () => ROW,
    overscan: 8,
  });
  if (order.length === 0) return <Notice title="Nothing has run yet" />;
  return (
    <div ref={box} className={styles.timeline}>
      <div className={styles.axis}>
        {ticks(scale).map((at) => (
          <span key={at} style={{ left: `${scale.share(at) * 100}%` }}>
            {duration(at - scale.from)}
          </span>
        ))}
      </div>
      <ol className={styles.rows} style={{ height: rows.getTotalSize() }}>
        {rows.getVirtualItems().map(({ index, start }) => (
          <TimelineRow key={order[index]} node={topology.nodes.get(order[index]!)!} scale={scale} top={start} />
        ))}
      </ol>
    </div>
  );
}

/** The nodes that have spent time, in the order in which they began. */
function begunNodes(run: Run): string[] {
  const begun = [...run.nodes.values()].filter((node) => node.spans.length > 0);
  return begun.sort((a, b) => a.spans[0]!.from - b.spans[0]!.from).map((node) => node.id);
}

/** From the start to the end, or to the moment that is shown. */
function useScale(): Scale {
  const from = useRun((run) => run.startedAt ?? run.createdAt ?? run.at);
  const last = useRun((run) => run.at);
  const now = useMoment(true);
  const to = Math.max(from + 1, last, now);
  return { from, to, share: (at) => Math.min(1, Math.max(0, (at - from) / (to - from))) };
}
