/**
 * What every client does: it creates a flow and an execution, subscribes, starts, loses its connection while the flow
 * stands at its first gate, misses how it goes on to the second, resumes, and reads to the end.
 */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";

import {
  CREATE_EXECUTION,
  CREATE_FLOW,
  EXECUTION_LOG,
  NODE_STATUS,
  SEND_SIGNAL,
  START_EXECUTION,
} from "./documents.mjs";
import { proxyBefore } from "./proxy.mjs";

const DEADLINE_MS = 60_000;
const FLOW = JSON.parse(readFileSync(new URL("two-gates.json", import.meta.url), "utf8"));

class Journey {
  #started = false;
  #lost = false;
  events = [];

  constructor(proxy) {
    this.proxy = proxy;
  }

  async go(client) {
    this.client = client;
    this.id = await this.#create();
    await client.follow(this.id, (batch) => this.#take(batch));
    assert(this.#lost, "The stream completed before its connection was cut.");
    const { status, events } = (await client.ask(EXECUTION_LOG, { id: this.id })).execution;
    assert.deepEqual(this.events, events.events, "What came over the two connections is not the log.");
    return { execution: this.id, status, events: this.events, connections: this.proxy.connections };
  }

  async #create() {
    const { createFlow } = await this.client.ask(CREATE_FLOW, { document: FLOW });
    const input = { flowId: createFlow.flow.id, options: { recordEvents: "ALL" } };
    const { createExecution } = await this.client.ask(CREATE_EXECUTION, { input });
    return createExecution.execution.id;
  }

  /** What fails here after its first `await` ends the process, as every rejection that nobody handles. */
  #take(batch) {
    this.events.push(...batch.events);
    if (!this.#started) this.#start();
    for (const event of batch.events) if (event.type === "NODE_WAITING") this.#reach(event.nodeId);
  }

  async #start() {
    this.#started = true;
    await this.client.ask(START_EXECUTION, { id: this.id });
  }

  async #reach(gate) {
    if (gate === "first") this.proxy.cut();
    else await this.#open(gate);
  }

  async #open(gate) {
    await this.client.ask(SEND_SIGNAL, { id: this.id, name: gate, payload: { opens: gate } });
  }

  /** What a client awaits before it connects again: there is something by then that it has missed. */
  async lose(error) {
    assert(this.events.at(-1)?.nodeId === "first" && !this.#lost, error);
    this.#lost = true;
    await this.#open("first");
    while ((await this.#status("second")) !== "WAITING") await pause(20);
  }

  async #status(nodeId) {
    const { execution } = await this.client.ask(NODE_STATUS, { id: this.id, nodeId });
    return execution.nodeState.status;
  }
}

/**
 * Make the journey against the service whose URL is the first argument, and print what was seen as JSON.
 *
 * `connect({ url, through, lose })` makes the client. Its `ask(document, variables)` gives the data of a query or mutation,
 * which goes to `url`; its `follow(id, take)` subscribes at `through`, awaits `lose(error)` before it connects again, and
 * returns when the stream completes; `close()` ends it.
 */
export async function journey(connect) {
  const url = process.argv[2];
  assert(url, `usage: node ${process.argv[1]} http://127.0.0.1:8000/graphql`);
  const { proxy, through } = await proxyBefore(url);
  const made = new Journey(proxy);
  const deadline = setTimeout(() => {
    const last = JSON.stringify(made.events.at(-1));
    throw new Error(`Not at the end after ${DEADLINE_MS} ms and ${proxy.connections} connections; the last event: ${last}`);
  }, DEADLINE_MS);
  const client = connect({ url, through, lose: (error) => made.lose(error) });
  console.log(JSON.stringify(await made.go(client)));
  clearTimeout(deadline);
  client.close();
  proxy.close();
}

/** The address of the same service for sockets. */
export const socketUrl = (url) => url.replace(/^http/, "ws");
