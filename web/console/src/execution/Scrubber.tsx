import { useEffect, useRef, type CSSProperties } from "react";
import { Button, IconButton } from "../design/Button";
import { classes } from "../design/classes";
import { duration, number } from "../design/words";
import { useCell } from "../state/cell";
import styles from "./Scrubber.module.css";
import { useExecution, useHead, useRun, useSelected } from "./store";
import { changeView, useView } from "./view";

/** Browsers take only so many changes of the address in a while. */
const ADDRESS_MS = 250;

/** Goes to any moment of the execution; the graph, the views and the details then show it as it was. */
export function Scrubber() {
  const store = useExecution();
  const last = useSelected(({ head }) => head.index);
  const at = useSelected((store) => store.at);
  const index = useRun((run) => run.index);
  const since = useRun((run) => run.at - (run.startedAt ?? run.createdAt ?? run.at));
  const hasEnded = useHead((run) => run.hasEnded);
  const isTrue = useCell(store.link).connection === "LIVE" || hasEnded;
  const travel = useTravel();
  // At its end the log is followed again.
  const move = (to: number) => travel(to >= last ? null : Math.max(-1, to));
  if (last < -1) return null;
  return (
    <div className={styles.scrubber}>
      <IconButton icon="back" label="The event before" disabled={index <= -1} onClick={() => move(index - 1)} />
      <IconButton icon="forward" label="The event after" disabled={at === null} onClick={() => move(index + 1)} />
      <div className={styles.track}>
        <Marks last={last} />
        <input
          type="range"
          min={-1}
          max={last}
          value={index}
          style={{ "--share": `${((index + 1) / Math.max(1, last + 1)) * 100}%` } as CSSProperties}
          aria-label="Moment of the execution"
          aria-valuetext={`After event ${index} of ${last}`}
          onChange={({ target }) => move(Number(target.value))}
        />
      </div>
      <span className={styles.place}>
        {number(index)} / {number(last)}
        <span className={styles.since}>+{duration(since)}</span>
      </span>
      <Button
        look="quiet"
        icon="live"
        aria-pressed={at === null}
        className={classes(styles.live, at === null && isTrue && styles.isLive)}
        title="Show it as it is now"
        onClick={() => travel(null)}
        disabled={at === null}
      >
        {hasEnded ? "End" : "Live"}
      </Button>
    </div>
  );
}

/** Goes to a moment at once, and has the address say so soon after; and goes where the address says. */
function useTravel(): (at: number | null) => void {
  const store = useExecution();
  const view = useView();
  const timer = useRef(0);
  useEffect(() => store.travel(view.at), [store, view.at]);
  useEffect(() => () => window.clearTimeout(timer.current), []);
  return (at) => {
    store.travel(at);
    window.clearTimeout(timer.current);
    timer.current = window.setTimeout(() => changeView({ at }), ADDRESS_MS);
  };
}

const TELLING: Record<string, string | undefined> = {
  NODE_FAILED: styles.bad,
  FLOW_FAILED: styles.bad,
  NODE_RETRYING: styles.waiting,
  EXECUTION_RECOVERED: styles.waiting,
  FLOW_PAUSED: styles.paused,
  DEBUG_BREAKPOINT_HIT: styles.paused,
};
const MOST_MARKS = 100;

/** Where in the log something went wrong or stood still. */
function Marks({ last }: { last: number }) {
  const { history } = useExecution();
  const marks = useMarks(history.log, last);
  return (
    <div className={styles.marks} aria-hidden="true">
      {marks.map(({ index, tone }) => (
        <i key={index} className={tone} style={{ left: `${((index + 1) / Math.max(1, last + 1)) * 100}%` }} />
      ))}
    </div>
  );
}

interface Mark {
  index: number;
  tone: string | undefined;
}

/** The marks of a log that grows, each event looked at once. */
function useMarks(log: readonly { index: number; type: string }[], last: number): readonly Mark[] {
  const found = useRef<{ seen: number; marks: Mark[] }>({ seen: 0, marks: [] });
  const { current } = found;
  for (; current.seen < Math.min(log.length, last + 2); current.seen += 1) {
    const { type, index } = log[current.seen]!;
    if (type in TELLING && current.marks.length < MOST_MARKS) current.marks.push({ index, tone: TELLING[type] });
  }
  return current.marks;
}
