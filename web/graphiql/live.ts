import type { FetcherParams, Unsubscribable } from "@graphiql/toolkit";
import type { ExecutionResult } from "graphql";
import { createClient } from "graphql-ws";
import { joined } from "./batches";
import type { Headers } from "./fetcher";

export interface Observer {
  next(result: ExecutionResult): void;
  complete(): void;
}

/** One subscription: it goes on whether or not it is looked at, and shows all that came so far to who looks at it. */
export class Live {
  #observer: Observer | null = null;
  #result: ExecutionResult | undefined;
  #hasEnded = false;
  readonly #end: () => void;

  constructor(params: FetcherParams, headers: Headers) {
    // A socket that connected again by itself would be sent the same events again.
    const client = createClient({ url: "/graphql", retryAttempts: 0, connectionParams: () => credentials(headers) });
    this.#end = client.subscribe<Record<string, unknown>>(
      { ...params, operationName: params.operationName ?? null },
      {
        next: (result) => this.#show(joined(this.#result, result as ExecutionResult)),
        error: (error) => this.#fail(error),
        complete: () => this.#complete(),
      },
    );
  }

  get isWatched(): boolean {
    return this.#observer !== null;
  }

  /** Show it to an observer, until that unsubscribes; then `onLeave` is called. */
  watch(observer: Observer, onLeave: () => void): Unsubscribable {
    this.#observer = observer;
    // Not before GraphiQL has what it is to unsubscribe from.
    queueMicrotask(() => {
      if (this.#result) observer.next(this.#result);
      if (this.#hasEnded) observer.complete();
    });
    return {
      unsubscribe: () => {
        this.#observer = null;
        onLeave();
      },
    };
  }

  end(): void {
    this.#end();
  }

  #show(result: ExecutionResult): void {
    this.#result = result;
    this.#observer?.next(result);
  }

  #complete(): void {
    this.#hasEnded = true;
    this.#observer?.complete();
  }

  /** What came before stays, so that one sees where to resume. */
  #fail(error: unknown): void {
    this.#show({ ...this.#result, errors: shown(error) } as unknown as ExecutionResult);
    this.#complete();
  }
}

function shown(error: unknown): unknown[] {
  if (Array.isArray(error)) return error;
  if (error instanceof CloseEvent) return [{ message: `The socket was closed: ${error.code} ${error.reason}`.trim() }];
  return [{ message: error instanceof Error ? error.message : "The socket could not be opened." }];
}

/** A browser's socket has no headers of its own, so the token travels in the first message. */
function credentials(headers: Headers): Headers {
  return Object.fromEntries(
    Object.entries(headers)
      .filter(([name]) => name.toLowerCase() === "authorization")
      .map(([, value]) => ["Authorization", value]),
  );
}
