import type { KeyboardEvent, ReactNode } from "react";
import { classes } from "./classes";
import styles from "./Tabs.module.css";

export interface TabTitle {
  id: string;
  title: string;
  count?: number | undefined;
}

interface TabsProps {
  label: string;
  tabs: readonly TabTitle[];
  chosen: string;
  onChoose: (id: string) => void;
  children?: ReactNode;
}

/** A row of tabs; the arrow keys go from one to the next. What stands at the end of the row are the children. */
export function Tabs({ label, tabs, chosen, onChoose, children }: TabsProps) {
  const move = (event: KeyboardEvent<HTMLDivElement>) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by) return;
    const next = tabs.at((tabs.findIndex((tab) => tab.id === chosen) + by) % tabs.length);
    if (next) onChoose(next.id);
    const buttons = event.currentTarget.querySelectorAll<HTMLElement>("[role=tab]");
    if (next) buttons[tabs.indexOf(next)]?.focus();
  };
  return (
    <div className={styles.row}>
      <div role="tablist" aria-label={label} className={styles.tabs} onKeyDown={move}>
        {tabs.map(({ id, title, count }) => (
          <button
            key={id}
            type="button"
            role="tab"
            aria-selected={id === chosen}
            tabIndex={id === chosen ? 0 : -1}
            className={classes(styles.tab, id === chosen && styles.chosen)}
            onClick={() => onChoose(id)}
          >
            {title}
            {count !== undefined && <span className={styles.count}>{count}</span>}
          </button>
        ))}
      </div>
      {children && <div className={styles.end}>{children}</div>}
    </div>
  );
}
