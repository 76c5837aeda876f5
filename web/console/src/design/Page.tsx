import { useEffect, type ReactNode } from "react";
import styles from "./Page.module.css";

interface PageProps {
  title: string;
  /** What stands under the title. */
  about?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
}

/** A page that is scrolled as a whole: lists and forms. */
export function Page({ title, about, actions, children }: PageProps) {
  useEffect(() => {
    document.title = `${title} · Tidegate`;
    return () => {
      document.title = "Tidegate";
    };
  }, [title]);
  return (
    <div className={styles.scroll}>
      <div className={styles.page}>
        <header className={styles.header}>
          <div className={styles.titles}>
            <h1>{title}</h1>
            {about && <div className={styles.about}>{about}</div>}
          </div>
          {actions && <div className={styles.actions}>{actions}</div>}
        </header>
        {children}
      </div>
    </div>
  );
}

/** Something with a form beside it, or above it where there is little room. */
export const Columns = ({ children }: { children: ReactNode }) => <div className={styles.columns}>{children}</div>;

export function Panel({ title, actions, children }: { title?: ReactNode; actions?: ReactNode; children: ReactNode }) {
  return (
    <section className={styles.panel}>
      {title && (
        <header className={styles.panelHeader}>
          <h2>{title}</h2>
          {actions}
        </header>
      )}
      {children}
    </section>
  );
}
