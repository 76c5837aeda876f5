import { Cell } from "../state/cell";
import type { Problem } from "./problem";

const KEY = "tidegate.token";

/** What the server is shown, and whether it has refused that. */
export interface Access {
  readonly token: string | null;
  readonly isDenied: boolean;
}

/** The token lives as long as the tab, and is in no address. */
export const access = new Cell<Access>({ token: sessionStorage.getItem(KEY), isDenied: false });

/**
 * Notes that the server has refused the token that it was shown. An answer to what was asked with another one than the
 * present says nothing of that: it may come when somebody has entered a token already.
 */
export function noteRefusal(problem: Problem | null, shown: string | null): void {
  const { token } = access.get();
  if (problem?.code === "UNAUTHENTICATED" && shown === token) access.set({ token, isDenied: true });
}

export function enter(token: string): void {
  sessionStorage.setItem(KEY, token);
  access.set({ token, isDenied: false });
}

export function leave(): void {
  sessionStorage.removeItem(KEY);
  access.set({ token: null, isDenied: false });
}

/** What goes with each request, and opens each socket. */
export function credentials(token: string | null): Record<string, string> {
  return token ? { Authorization: `Bearer ${token}` } : {};
}
