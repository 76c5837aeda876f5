import type { ReactNode } from "react";
import type { Problem } from "../api/problem";
import { Button } from "./Button";
import { classes } from "./classes";
import styles from "./Notice.module.css";

interface NoticeProps {
  title: string;
  children?: ReactNode;
  actions?: ReactNode;
  tone?: "plain" | "bad";
}

/** What stands where content would be: that there is none, or why. */
export function Notice({ title, children, actions, tone = "plain" }: NoticeProps) {
  return (
    <div className={classes(styles.notice, tone === "bad" && styles.bad)} role={tone === "bad" ? "alert" : undefined}>
      <h2>{title}</h2>
      {children && <div className={styles.text}>{children}</div>}
      {actions && <div className={styles.actions}>{actions}</div>}
    </div>
  );
}

const TITLES: Record<string, string> = {
  NOT_FOUND: "Not found",
  FORBIDDEN: "Not allowed",
  UNREACHABLE: "No connection",
  RATE_LIMITED: "Too many requests",
};

export function ProblemNotice({ problem, onRetry }: { problem: Problem; onRetry?: () => void }) {
  return (
    <Notice
      tone="bad"
      title={TITLES[problem.code] ?? "Something went wrong"}
      actions={onRetry && <Button onClick={onRetry}>Try again</Button>}
    >
      {problem.message}
    </Notice>
  );
}

/** Grey lines where content is about to be. */
export function Loading({ lines = 6, label = "Loading" }: { lines?: number; label?: string }) {
  return (
    <div className={styles.loading} role="status" aria-label={label}>
      {Array.from({ length: lines }, (_, line) => (
        <span key={line} />
      ))}
    </div>
  );
}
