import { Cell } from "../state/cell";

const KEY = "tidegate.token";

/** What the server is shown, and whether it has refused that. */
export interface Access {
  readonly token: string | null;
  readonly isDenied: boolean;
}

/** The token lives as long as the tab, and is in no address. */
export const access = new Cell<Access>({ token: sessionStorage.getItem(KEY), isDenied: false });

export function deny(): void {
  access.set({ ...access.get(), isDenied: true });
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
export function credentials(): Record<string, string> {
  const { token } = access.get();
  return token ? { Authorization: `Bearer ${token}` } : {};
}
