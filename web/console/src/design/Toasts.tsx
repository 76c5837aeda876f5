import type { Problem } from "../api/problem";
import { Cell, useCell } from "../state/cell";
import { IconButton } from "./Button";
import { classes } from "./classes";
import styles from "./Toasts.module.css";

const SHOWN_MS = 6000;

interface Toast {
  id: number;
  text: string;
  isProblem: boolean;
}

const toasts = new Cell<readonly Toast[]>([]);
let lastId = 0;

/** Says in passing that something has happened. */
export function toast(text: string, isProblem = false): void {
  const id = ++lastId;
  toasts.set([...toasts.get().slice(-3), { id, text, isProblem }]);
  window.setTimeout(dismiss, isProblem ? 2 * SHOWN_MS : SHOWN_MS, id);
}

export const toastProblem = (problem: Problem): void => toast(problem.message, true);

function dismiss(id: number): void {
  toasts.set(toasts.get().filter((one) => one.id !== id));
}

export function Toasts() {
  return (
    <div className={styles.toasts} role="status" aria-live="polite">
      {useCell(toasts).map(({ id, text, isProblem }) => (
        <div key={id} className={classes(styles.toast, isProblem && styles.problem)}>
          <span>{text}</span>
          <IconButton icon="close" label="Dismiss" onClick={() => dismiss(id)} />
        </div>
      ))}
    </div>
  );
}
