import type { FormEvent, ReactNode } from "react";
import type { Problem } from "../api/problem";
import styles from "./Form.module.css";

interface FormProps {
  label: string;
  actions: ReactNode;
  /** Why the API did not take it, if that is about no field. */
  refused?: Problem | null;
  onSubmit: () => void;
  children?: ReactNode;
}

/** Fields below each other, and what can be done with them. */
export function Form({ label, actions, refused, onSubmit, children }: FormProps) {
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onSubmit();
  };
  return (
    <form className={styles.form} noValidate aria-label={label} onSubmit={submit}>
      {children}
      {refused && (
        <p role="alert" className={styles.refused}>
          {refused.message}
        </p>
      )}
      <div className={styles.actions}>{actions}</div>
    </form>
  );
}

/** What is said in place of fields, or about all of them. */
export const Remark = ({ children }: { children: ReactNode }) => <p className={styles.remark}>{children}</p>;
