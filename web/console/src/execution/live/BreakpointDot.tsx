import { classes } from "../../design/classes";
import type { TopologyNode } from "../../fold/topology";
import { useHead, useRun } from "../store";
import styles from "./BreakpointDot.module.css";
import { useToggleBreakpoint } from "./breakpoints";

/** The place at a node's corner where a breakpoint is set, and shows. */
export function BreakpointDot({ node }: { node: TopologyNode }) {
  const isSet = useRun((run) => run.breakpoints.has(node.id));
  const canChange = useHead((run) => !run.hasEnded);
  const toggle = useToggleBreakpoint();
  if (!isSet && !canChange) return null;
  return (
    <button
      type="button"
      className={classes(styles.dot, isSet && styles.set)}
      aria-pressed={isSet}
      aria-label={`Breakpoint before ${node.title}`}
      title={isSet ? "Take the breakpoint away" : "Stop before this node"}
      disabled={!canChange}
      onClick={() => void toggle(node.id)}
    />
  );
}
