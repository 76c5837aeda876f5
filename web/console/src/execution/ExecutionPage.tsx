import { useEffect, useMemo } from "react";
import { useQuery } from "urql";
import { useParams } from "wouter";
import { follow } from "../api/follow";
import { EventsDocument, ExecutionDocument } from "../api/generated/operations";
import { problemOf } from "../api/problem";
import { Loading, Notice, ProblemNotice } from "../design/Notice";
import { logEvent } from "../fold/event";
import { Desk } from "./Desk";
import { ExecutionStore, StoreContext, type Execution } from "./store";

export default function ExecutionPage() {
  const { executionId = "" } = useParams();
  const [{ data, error }, read] = useQuery({
    query: ExecutionDocument,
    variables: { id: executionId },
    requestPolicy: "network-only",
  });
  if (data?.execution) return <Followed key={data.execution.id} execution={data.execution} />;
  if (error) return <ProblemNotice problem={problemOf(error)} onRetry={read} />;
  return data ? <Notice title="There is no such execution" /> : <Loading label="Loading the execution" />;
}

function Followed({ execution }: { execution: Execution }) {
  // One store for as long as the page is there: what is read again later is in the log anyway.
  const store = useMemo(() => new ExecutionStore(execution), [execution.id]);
  useEffect(() => followEvents(store), [store]);
  return (
    <StoreContext value={store}>
      <Desk />
    </StoreContext>
  );
}

/** Keeps a store up to date until its last event; gives what ends that. */
function followEvents(store: ExecutionStore): () => void {
  const { link } = store;
  return follow({
    document: EventsDocument,
    variables: () => ({ executionId: store.execution.id, fromIndex: store.nextIndex }),
    onData: ({ executionEvents: { events, nextIndex } }) => store.take(events.map(logEvent), nextIndex),
    onConnection: (connection) => {
      const before = link.get();
      const isResumed = before.connection === "RECONNECTING" && connection === "LIVE";
      const resumptions = isResumed ? [...before.resumptions, store.nextIndex] : before.resumptions;
      link.set({ ...before, connection, resumptions });
    },
    onEnd: (problem) => link.set({ ...link.get(), problem }),
    isComplete: () => store.isComplete,
  });
}
