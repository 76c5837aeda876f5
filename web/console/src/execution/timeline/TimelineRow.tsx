import { memo } from "react";
import { classes } from "../../design/classes";
import { StatusSign, statusText, statusTone } from "../../design/Status";
import { duration } from "../../design/words";
import type { Span } from "../../fold/run";
import type { TopologyNode } from "../../fold/topology";
import { useRun } from "../store";
import { changeView, useIsChosen } from "../view";
import type { Scale } from "./scale";
import styles from "./Timeline.module.css";

interface TimelineRowProps {
  node: TopologyNode;
  scale: Scale;
  /** Its place in the list, in pixels. */
  top: number;
}

export const TimelineRow = memo(({ node, scale, top }: TimelineRowProps) => {
  const record = useRun((run) => run.nodes.get(node.id)!);
  const isChosen = useIsChosen(node.id);
  const { status, spans } = record;
  return (
    <li
      className={classes(styles.row, isChosen && styles.chosen, node.type === "group" && styles.group)}
      style={{ transform: `translateY(${top}px)` }}
    >
      <button
        type="button"
        className={styles.label}
        aria-pressed={isChosen}
        onClick={() => changeView({ node: isChosen ? null : node.id })}
      >
        <StatusSign status={status} />
        <span className={node.parent === null ? undefined : styles.member}>{node.title}</span>
      </button>
      <div className={styles.lane}>
        {spans.map((span) => (
          <Bar key={`${span.kind}${span.attempt}${span.from}`} span={span} scale={scale} />
        ))}
        <Took spans={spans} scale={scale} />
      </div>
    </li>
  );
});

function Bar({ span, scale }: { span: Span; scale: Scale }) {
  const { kind, attempt, from, to, outcome } = span;
  const left = scale.share(from);
  const width = scale.share(to ?? scale.to) - left;
  const tone =
    kind === "attempt"
      ? outcome === "LOST"
        ? styles.lost
        : statusTone(outcome === "WAITING" || outcome === null ? "EXECUTING" : outcome)
      : statusTone("WAITING");
  const what = kind === "attempt" ? `Attempt ${attempt}` : kind === "retry" ? "Until the next attempt" : "Wait";
  const end =
    outcome === null || kind !== "attempt"
      ? ""
      : `, ${outcome === "LOST" ? "lost with its worker" : statusText(outcome).toLowerCase()}`;
  return (
    <i
      className={classes(styles.bar, styles[kind], tone, to === null && styles.open)}
      style={{ left: `${left * 100}%`, width: `${width * 100}%` }}
      title={`${what}: ${duration((to ?? scale.to) - from)}${end}`}
    />
  );
}

/** How long it all took, right of the last bar, or left of it where there is no room. */
function Took({ spans, scale }: { spans: readonly Span[]; scale: Scale }) {
  const first = spans[0];
  const last = spans.at(-1);
  if (!first || !last) return null;
  const end = scale.share(last.to ?? scale.to);
  const text = duration((last.to ?? scale.to) - first.from);
  if (end < 0.88)
    return (
      <span className={styles.took} style={{ left: `${end * 100}%` }}>
        {text}
      </span>
    );
  return (
    <span className={styles.took} style={{ right: `${(1 - scale.share(first.from)) * 100}%` }}>
      {scale.share(first.from) > 0.1 ? text : ""}
    </span>
  );
}
