import type { ReactNode } from "react";
import type { ExecutionStatus, NodeStatus } from "../api/generated/schema";
import { classes } from "./classes";
import styles from "./Status.module.css";

type Shape = "ring" | "dashes" | "half" | "clock" | "bars" | "tick" | "cross" | "slash" | "square";

interface Look {
  text: string;
  tone: string | undefined;
  shape: Shape;
}

export type AnyStatus = ExecutionStatus | NodeStatus;

/** Each status by a shape, a text and a colour, so that none of them has to be told by one alone. */
const LOOKS: Record<AnyStatus, Look> = {
  IDLE: { text: "Idle", tone: styles.idle, shape: "dashes" },
  READY: { text: "Ready", tone: styles.idle, shape: "ring" },
  EXECUTING: { text: "Running", tone: styles.running, shape: "half" },
  WAITING: { text: "Waiting", tone: styles.waiting, shape: "clock" },
  COMPLETED: { text: "Completed", tone: styles.good, shape: "tick" },
  FAILED: { text: "Failed", tone: styles.bad, shape: "cross" },
  SKIPPED: { text: "Skipped", tone: styles.off, shape: "slash" },
  CREATED: { text: "Created", tone: styles.idle, shape: "ring" },
  RUNNING: { text: "Running", tone: styles.running, shape: "half" },
  PAUSED: { text: "Paused", tone: styles.paused, shape: "bars" },
  STOPPED: { text: "Stopped", tone: styles.off, shape: "square" },
};

/** A newer server may know more. */
const lookOf = (status: AnyStatus): Look => LOOKS[status] ?? { text: status, tone: styles.idle, shape: "ring" };

export const statusText = (status: AnyStatus): string => lookOf(status).text;

/** The class that gives the colour of a status to `--tone`. */
export const statusTone = (status: AnyStatus): string | undefined => lookOf(status).tone;

export function StatusSign({ status }: { status: AnyStatus }) {
  const { shape, tone } = lookOf(status);
  return (
    <svg
      className={classes(styles.sign, tone, shape === "half" && styles.turning)}
      viewBox="0 0 16 16"
      aria-hidden="true"
    >
      {SHAPES[shape]}
    </svg>
  );
}

export function Status({ status }: { status: AnyStatus }) {
  return (
    <span className={classes(styles.status, statusTone(status))} data-status={status}>
      <StatusSign status={status} />
      {statusText(status)}
    </span>
  );
}

const DISC = <circle cx="8" cy="8" r="7" fill="var(--tone)" />;
const RING = <circle cx="8" cy="8" r="6" fill="none" stroke="var(--tone)" strokeWidth="2" />;
const mark = (d: string) => (
  <path d={d} fill="none" stroke="var(--surface)" strokeWidth="2" strokeLinecap="round" strokeLinejoin="round" />
);

const SHAPES: Record<Shape, ReactNode> = {
  ring: RING,
  dashes: <circle cx="8" cy="8" r="6" fill="none" stroke="var(--tone)" strokeWidth="2" strokeDasharray="2.400 2.312" />,
  half: (
    <>
      <circle cx="8" cy="8" r="6" fill="none" stroke="var(--tone)" strokeWidth="2" opacity="0.300" />
      <path d="M8 2a6 6 0 0 1 6 6" fill="none" stroke="var(--tone)" strokeWidth="2.500" strokeLinecap="round" />
    </>
  ),
  clock: (
    <>
      {RING}
      <path d="M8 5v3.300l2 1.200" fill="none" stroke="var(--tone)" strokeWidth="1.800" strokeLinecap="round" />
    </>
  ),
  bars: (
    <>
      {DISC}
      {mark("M6.200 5.500v5M9.800 5.500v5")}
    </>
  ),
  tick: (
    <>
      {DISC}
      {mark("m5 8.200 2.200 2.200L11 6")}
    </>
  ),
  cross: (
    <>
      <path d="M5 1h6l4 4v6l-4 4H5l-4-4V5z" fill="var(--tone)" />
      {mark("m5.800 5.800 4.400 4.400M10.200 5.800l-4.400 4.400")}
    </>
  ),
  slash: (
    <>
      {RING}
      <path d="m4 12 8-8" stroke="var(--tone)" strokeWidth="2" />
    </>
  ),
  square: <rect x="2" y="2" width="12" height="12" rx="2" fill="var(--tone)" />,
};
