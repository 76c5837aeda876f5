import { Cell } from "../state/cell";

const KEY = "tidegate.theme";

export type Theme = "light" | "dark";

const dark = window.matchMedia("(prefers-color-scheme: dark)");

function chosen(): Theme | null {
  const kept = localStorage.getItem(KEY);
  return kept === "light" || kept === "dark" ? kept : null;
}

/** What shows: what was chosen here, else what the system likes. */
export const theme = new Cell<Theme>("light");

function show(): void {
  theme.set(chosen() ?? (dark.matches ? "dark" : "light"));
  document.documentElement.dataset.theme = theme.get();
}

/** What the system likes anyway need not be kept. */
export function toggleTheme(): void {
  const next: Theme = theme.get() === "dark" ? "light" : "dark";
  if ((next === "dark") === dark.matches) localStorage.removeItem(KEY);
  else localStorage.setItem(KEY, next);
  show();
}

dark.addEventListener("change", show);
show();
