import type { FetcherParams, SyncExecutionResult } from "@graphiql/toolkit";
import type { TabsState } from "@graphiql/react";
import type { Headers } from "./fetcher";
import { Live, type Observer } from "./live";

/**
 * The subscriptions of the tabs, one a tab.
 *
 * GraphiQL unsubscribes when another tab is shown. Then the subscription goes on, so that an execution can be started
 * in one tab and be watched in another; it is shown again with its tab.
 */
class Streams {
  readonly #byTab = new Map<string, Live>();
  #tab = "";

  /** Take note of which tabs there are and which is shown; subscriptions of closed tabs end. */
  readonly follow = ({ tabs, activeTabIndex }: TabsState): void => {
    this.#tab = tabs[activeTabIndex]?.id ?? "";
    const open = new Set(tabs.map((tab) => tab.id));
    for (const tab of this.#byTab.keys()) if (!open.has(tab)) this.#drop(tab);
  };

  /** Show the subscription that waits for the tab that is shown, if there is one, by what makes GraphiQL run a tab. */
  resume(run: () => unknown): void {
    if (this.#waits(this.#tab)) run();
  }

  /** Whether a subscription is shown. */
  get isShown(): boolean {
    return this.#byTab.get(this.#tab)?.isWatched === true;
  }

  /** The subscription of the tab that is shown: the one that waits for its tab, else a new one. */
  open(params: FetcherParams, headers: Headers): SyncExecutionResult {
    const tab = this.#tab;
    if (!this.#waits(tab)) {
      this.#drop(tab);
      this.#byTab.set(tab, new Live(params, headers));
    }
    const live = this.#byTab.get(tab);
    const subscribe = (observer: Observer) => live?.watch(this.#noting(tab, observer), () => this.#leave(tab));
    return { subscribe } as SyncExecutionResult;
  }

  /** The observer; what it has seen to the end is not shown again. */
  #noting(tab: string, observer: Observer): Observer {
    return {
      next: (result) => observer.next(result),
      complete: () => {
        this.#drop(tab);
        observer.complete();
      },
    };
  }

  #waits(tab: string): boolean {
    return this.#byTab.get(tab)?.isWatched === false;
  }

  #leave(tab: string): void {
    // GraphiQL unsubscribes first, and shows the other tab after that.
    queueMicrotask(() => {
      if (this.#tab === tab) this.#drop(tab);
    });
  }

  #drop(tab: string): void {
    this.#byTab.get(tab)?.end();
    this.#byTab.delete(tab);
  }
}

export const streams = new Streams();
