import { stringifyDocument, type TypedDocumentNode } from "@urql/core";
import { createClient, type Client } from "graphql-ws";
import { access, credentials, noteRefusal } from "./access";
import { mayPass, problemOf, type Problem } from "./problem";

const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 8000;
const PING_MS = 10_000;

export type Connection = "CONNECTING" | "LIVE" | "RECONNECTING" | "ENDED";

export interface Following<Data, Variables> {
  readonly document: TypedDocumentNode<Data, Variables & Record<string, unknown>>;
  /** Asked for at each connection, so that one that was lost goes on where it was. */
  readonly variables: () => Variables;
  readonly onData: (data: Data) => void;
  readonly onConnection?: (connection: Connection) => void;
  /** It ended for good: with a problem, or because all has come. */
  readonly onEnd: (problem: Problem | null) => void;
  /** Whether a stream that the server completes has told all; one that has not is asked again. */
  readonly isComplete?: () => boolean;
}

/** Follows a subscription until its end, over lost connections; gives what ends it before. */
export function follow<Data, Variables>(following: Following<Data, Variables>): () => void {
  const { onConnection, onEnd } = following;
  let failures = 0;
  let timer = 0;
  let shown: string | null = null;

  const end = (problem: Problem | null) => {
    onConnection?.("ENDED");
    onEnd(problem);
  };
  const again = () => {
    onConnection?.("RECONNECTING");
    timer = window.setTimeout(begin, delay(failures++));
  };
  const fail = (problem: Problem) => {
    noteRefusal(problem, shown);
    if (mayPass(problem)) again();
    else end(problem);
  };
  const heard = () => {
    failures = 0;
    onConnection?.("LIVE");
  };

  let close = () => {};
  const begin = () => {
    shown = access.get().token;
    close = open(following, { heard, fail, end, again });
  };
  onConnection?.("CONNECTING");
  begin();
  return () => {
    window.clearTimeout(timer);
    close();
  };
}

interface Outcomes {
  heard(): void;
  fail(problem: Problem): void;
  end(problem: null): void;
  again(): void;
}

/** One subscription over one connection; of its outcomes the first one counts, and none once it is closed. */
function open<Data, Variables>(following: Following<Data, Variables>, outcomes: Outcomes): () => void {
  const { document, variables, onData, isComplete = () => true } = following;
  let isOver = false;
  const once = (act: () => void) => {
    if (isOver) return;
    isOver = true;
    act();
  };
  const request = { query: stringifyDocument(document), variables: variables() as Record<string, unknown> };
  const close = socket().subscribe<Data>(request, {
    next({ data, errors }) {
      if (isOver) return;
      outcomes.heard();
      if (data) onData(data);
      if (errors) once(() => outcomes.fail(problemOf(errors)));
    },
    error: (error) => once(() => outcomes.fail(problemOf(error))),
    complete: () => once(() => (isComplete() ? outcomes.end(null) : outcomes.again())),
  });
  return () => {
    isOver = true;
    close();
  };
}

function delay(failures: number): number {
  return Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** failures) * (0.75 + Math.random() / 2);
}

let shared: { client: Client; token: string | null } | null = null;

/** One socket serves all; another token opens another one. */
function socket(): Client {
  const { token } = access.get();
  if (shared?.token !== token) {
    void shared?.client.dispose();
    shared = { client: connect(token), token };
  }
  return shared.client;
}

function connect(token: string | null): Client {
  return createClient({
    url: `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/graphql`,
    connectionParams: credentials(token),
    keepAlive: PING_MS,
    lazyCloseTimeout: 2000,
    // A stream that connected again by itself would be sent the same again.
    retryAttempts: 0,
  });
}
