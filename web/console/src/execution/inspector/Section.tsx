import type { ReactNode } from "react";
import { IconButton } from "../../design/Button";
import { copy } from "../../design/copy";
import { Json } from "../../design/Json";
import { PayloadButton } from "../PayloadButton";
import styles from "./Inspector.module.css";

interface SectionProps {
  title: string;
  actions?: ReactNode;
  children: ReactNode;
}

export function Section({ title, actions, children }: SectionProps) {
  return (
    <section className={styles.section} aria-label={title}>
      <header>
        <h3>{title}</h3>
        {actions}
      </header>
      {children}
    </section>
  );
}

/** A section with a value that can be copied. */
export function ValueSection({ title, value }: { title: string; value: unknown }) {
  return (
    <Section
      title={title}
      actions={
        <IconButton
          icon="copy"
          label={`Copy ${title.toLowerCase()}`}
          onClick={() => void copy(title, JSON.stringify(value, null, 2))}
        />
      }
    >
      <Json value={value} large={PayloadButton} />
    </Section>
  );
}
