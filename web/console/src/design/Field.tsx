import { useId, type ReactNode } from "react";
import { classes } from "./classes";
import styles from "./Field.module.css";

interface FieldProps {
  label: string;
  hint?: ReactNode;
  problem?: string | undefined;
  /** Whether the control stands before its name, as boxes to tick do. */
  isTick?: boolean;
  /** Draws the control; it has to have this id, and these words about it. */
  children: (control: {
    id: string;
    "aria-describedby": string;
    "aria-invalid": boolean;
    className: string;
  }) => ReactNode;
}

/** A control of a form with its name, what it wants, and what is wrong with it. */
export function Field({ label, hint, problem, isTick = false, children }: FieldProps) {
  const id = useId();
  const about = `${id}-about`;
  return (
    <div className={classes(styles.field, isTick && styles.tick)}>
      <label htmlFor={id}>{label}</label>
      {children({
        id,
        "aria-describedby": about,
        "aria-invalid": problem !== undefined,
        className: styles.control ?? "",
      })}
      <div id={about} className={problem ? styles.problem : styles.hint}>
        {problem ?? hint}
      </div>
    </div>
  );
}

/** The look of a control without a label beside it. */
export const control = styles.control ?? "";
