import { useSyncExternalStore } from "react";

export type Unsubscribe = () => void;

/** Tells its listeners that something has changed; what, they look up. */
export class Changes {
  readonly #listeners = new Set<() => void>();

  readonly subscribe = (listener: () => void): Unsubscribe => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  tell(): void {
    for (const listener of this.#listeners) listener();
  }
}

/** One value outside of React that components can follow. */
export class Cell<T> {
  readonly #changes = new Changes();
  #value: T;

  constructor(value: T) {
    this.#value = value;
  }

  readonly get = (): T => this.#value;
  readonly subscribe = this.#changes.subscribe;

  set(value: T): void {
    if (Object.is(value, this.#value)) return;
    this.#value = value;
    this.#changes.tell();
  }
}

/** The value of a cell, kept up to date. */
export function useCell<T>(cell: Cell<T>): T {
  return useSyncExternalStore(cell.subscribe, cell.get);
}
