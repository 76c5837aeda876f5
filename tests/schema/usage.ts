/** What a front end written in TypeScript relies on; it is compiled with the types that are generated for its operations. */

import type { TypedDocumentNode } from "@graphql-typed-document-node/core";

import { CreateExecutionDocument, ExecutionEventsDocument, NodeStatusDocument } from "./generated/graphql";

type Result<Document> = Document extends TypedDocumentNode<infer Data, infer _> ? Data : never;
type Variables<Document> = Document extends TypedDocumentNode<infer _, infer Given> ? Given : never;

export const input: Variables<typeof CreateExecutionDocument>["input"] = { flowId: "FL0", inputs: { price: 2.5 } };

export function lastIndex({ executionEvents }: Result<typeof ExecutionEventsDocument>): number {
  const indices: number[] = executionEvents.events.map((event) => event.index);
  return indices.at(-1) ?? executionEvents.nextIndex - 1;
}

export function startedNodes({ executionEvents }: Result<typeof ExecutionEventsDocument>): string[] {
  return executionEvents.events.flatMap((event) => (event.__typename === "NodeStartedEvent" ? [event.nodeId] : []));
}

export const isOver = ({ execution }: Result<typeof NodeStatusDocument>): boolean =>
  execution?.nodeState?.status === "COMPLETED";
