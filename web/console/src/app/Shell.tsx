import type { ReactNode } from "react";
import { useQuery } from "urql";
import { Link, useLocation } from "wouter";
import icon from "../../icon.svg";
import { access, leave } from "../api/access";
import { ViewerDocument } from "../api/generated/operations";
import { Button, IconButton } from "../design/Button";
import { classes } from "../design/classes";
import { useCell } from "../state/cell";
import { PLACES } from "./routes";
import styles from "./Shell.module.css";
import { theme, toggleTheme } from "../design/theme";

export function Shell({ children }: { children: ReactNode }) {
  return (
    <div className={styles.shell}>
      <a className={styles.skip} href="#main">
        Skip to the page
      </a>
      <header className={styles.bar}>
        <Link href="/" className={styles.brand}>
          <img src={icon} width="20" height="20" alt="" />
          Tidegate
        </Link>
        <Navigation />
        <Caller />
        <ThemeButton />
      </header>
      <main id="main" tabIndex={-1} className={styles.main}>
        {children}
      </main>
    </div>
  );
}

function Navigation() {
  const [location] = useLocation();
  return (
    <nav aria-label="Pages" className={styles.navigation}>
      {PLACES.map(({ path, title }) => {
        const isHere = location === path || location.startsWith(`${path}/`);
        return (
          title && (
            <Link
              key={path}
              href={path}
              className={classes(styles.link, isHere && styles.here)}
              aria-current={isHere ? "page" : undefined}
            >
              {title}
            </Link>
          )
        );
      })}
    </nav>
  );
}

/** Who the server takes the caller for. */
function Caller() {
  const { token, isDenied } = useCell(access);
  const [{ data }] = useQuery({ query: ViewerDocument, pause: isDenied });
  if (isDenied || !data) return null;
  return (
    <div className={styles.caller}>
      <span title={data.viewer.id}>{data.viewer.name ?? data.viewer.id}</span>
      {token && (
        <Button look="quiet" onClick={leave}>
          Leave
        </Button>
      )}
    </div>
  );
}

function ThemeButton() {
  const isDark = useCell(theme) === "dark";
  return (
    <IconButton
      icon={isDark ? "sun" : "moon"}
      label={isDark ? "Light colours" : "Dark colours"}
      onClick={toggleTheme}
    />
  );
}
