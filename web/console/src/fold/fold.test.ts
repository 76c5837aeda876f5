import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { LogEvent } from "./event";
import { fold } from "./fold";
import { History } from "./history";
import { Run, type NodeRecord, type Values } from "./run";
import { Topology } from "./topology";

/** Logs with the states that the engine's own fold makes of them. */
const FOLDER = join(import.meta.dirname, "../../../../tests/engine/golden");
const LOGS = readdirSync(FOLDER, { encoding: "utf8", recursive: true }).filter((name) => name.endsWith(".jsonl"));

interface Golden {
  topology: Topology;
  events: LogEvent[];
  state: Record<string, any>;
}

function read(name: string): Golden {
  const lines = readFileSync(join(FOLDER, name), "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  return { topology: topologyOf(lines[0].document), events: lines.slice(1, -1), state: lines.at(-1) };
}

function topologyOf({ nodes, edges }: any): Topology {
  return new Topology({
    nodes: nodes.map((node: any) => ({ ...node, nodeId: node.id, parentNodeId: node.parent ?? null })),
    edges: edges.map((edge: any) => ({ source: edge.from, target: edge.to })),
  });
}

function folded({ topology, events }: Golden, count = events.length): Run {
  const run = new Run(topology);
  for (const event of events.slice(0, count)) fold(run, event);
  return run;
}

const isSystemPort = (port: string) => port.startsWith("__");
const ownPorts = (values: Values) => Object.fromEntries(Object.entries(values).filter(([port]) => !isSystemPort(port)));
const errorOf = (error: { code: string; message: string } | null) => error && [error.code, error.message];

const shown = ({ nodes, edges, children, status }: Run) => ({ nodes, edges, children, status });

/** Nothing in a log says that a node may start, so here it waits for its inputs until it does. */
const statusOf = (status: string) => (status === "READY" ? "IDLE" : status);

function told(node: NodeRecord): unknown[] {
  const { status, attempt, retries, outputs, error, startedAt, completedAt, wait, spawned } = node;
  return [
    ...[statusOf(status), attempt, retries, outputs, errorOf(error), startedAt, completedAt],
    ...[wait?.until ?? null, wait?.signal ?? null, spawned],
  ];
}

function expected([status, attempt, retries, outputs, error, startedAt, completedAt, until, signal, spawned]: any[]) {
  const data = ownPorts(outputs);
  return [statusOf(status), attempt, retries, data, error, startedAt, completedAt, until, signal, spawned];
}

describe.each(LOGS)("the log %s", (name) => {
  const golden = read(name);
  const { topology, events, state } = golden;

  test("folds to what the engine makes of it", () => {
    const run = folded(golden);
    expect(run.status).toBe(state.status);
    expect(run.outputs).toEqual(state.outputs);
    expect(errorOf(run.error)).toEqual(state.error);
    expect([run.failedNodes, run.lostWorkers]).toEqual(state.counts.slice(0, 2));
    expect([run.startedAt, run.at]).toEqual(state.times.slice(0, 2));
    expect([run.isDraining, run.isPausedByParent]).toEqual(state.pause.slice(0, 2));
    expect([...run.breakpoints].sort()).toEqual(state.breakpoints[0]);
    const open = [...run.children.values()].filter((child) => child.status === "RUNNING");
    expect(open.map((child) => child.id)).toEqual(state.children);
    for (const node of run.nodes.values())
      expect([node.id, ...told(node)]).toEqual([node.id, ...expected(state.nodes[node.id])]);
  });

  test("leaves an edge waiting until its source has given a value or ended", () => {
    const run = folded(golden);
    for (const edge of topology.edges) {
      const [status, , , outputs] = state.nodes[edge.source];
      const hasEnded = ["COMPLETED", "FAILED", "SKIPPED"].includes(status);
      const meant = edge.sourcePort in outputs ? ["CARRIED", "FAILED"] : [hasEnded ? "DEAD" : undefined];
      expect(meant, edge.id).toContain(run.edges.get(edge.id));
    }
  });

  test("is shown at any of its events as if nothing had followed", () => {
    const history = new History(new Run(topology));
    history.push([{ index: -1, at: 0, type: "EXECUTION_CREATED", data: {} } as LogEvent, ...events]);
    for (let count = 0; count <= events.length; count += 1) {
      expect(shown(history.at(count - 1)), `after ${count} events`).toEqual(shown(folded(golden, count)));
    }
  });

  test("has spans that follow each other and end with the run", () => {
    const run = folded(golden);
    for (const { id, spans } of run.nodes.values()) {
      spans.forEach((span, place) => {
        expect(span.to ?? run.at, id).toBeGreaterThanOrEqual(span.from);
        if (place) expect(span.from, id).toBe(Math.max(spans[place - 1]!.to!, span.from));
      });
      if (run.hasEnded)
        expect(
          spans.every((span) => span.to !== null),
          id,
        ).toBe(true);
    }
  });
});

test("a long log is shown at any index, and pieces of streams come one by one", () => {
  const topology = topologyOf({ nodes: [{ id: "a", type: "t", inputs: {} }], edges: [] });
  const history = new History(new Run(topology));
  const chunk = (index: number) => ({
    ...{ index, at: index, type: "NODE_OUTPUT_CHUNK" as const },
    data: { nodeId: "a", nodeType: "t", attempt: 1, port: "text", sequence: index + 1, count: 1, chunk: [index] },
  });
  history.push(Array.from({ length: 1700 }, (_, place) => chunk(place - 1)));
  for (const index of [-2, -1, 0, 498, 499, 500, 1234, 1698, 9999]) {
    const stream = history.at(index).nodes.get("a")!.streams.text;
    expect(stream?.length ?? 0).toBe(Math.min(index, 1698) + 2);
  }
  expect(history.head.nodes.get("a")!.streams.text!.pieces[1699]).toBe(1698);
});

test("what has been seen and what is not known changes nothing", () => {
  const history = new History(new Run(topologyOf({ nodes: [], edges: [] })));
  const event = { index: -1, at: 5, type: "OF_ANOTHER_TIME", data: {} } as unknown as LogEvent;
  history.push([event, event]);
  history.push([event]);
  expect([history.log.length, history.head.index, history.head.status]).toEqual([1, -1, "CREATED"]);
});
