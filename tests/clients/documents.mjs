/** The operations of all clients, as text. */

import { readFileSync } from "node:fs";

const read = (name) => readFileSync(new URL(`documents/${name}.graphql`, import.meta.url), "utf8");

export const CREATE_FLOW = read("createFlow");
export const CREATE_EXECUTION = read("createExecution");
export const START_EXECUTION = read("startExecution");
export const SEND_SIGNAL = read("sendSignal");
export const EXECUTION_EVENTS = read("executionEvents");
export const EXECUTION_LOG = read("executionLog");
export const NODE_STATUS = read("nodeStatus");
