import createExecution from "./tabs/create-execution.graphql?raw";
import createFlow from "./tabs/create-flow.graphql?raw";
import document from "./tabs/create-flow.json";
import flows from "./tabs/flows.graphql?raw";
import start from "./tabs/start.graphql?raw";
import watch from "./tabs/watch.graphql?raw";

const variables = (values: object) => JSON.stringify(values, null, 2);

/** What a newcomer finds, in the order in which it is to be run. Variables named in ids.ts fill themselves in. */
export const TABS = [
  { query: flows },
  { query: createFlow, variables: variables({ document }) },
  { query: createExecution, variables: variables({ flowId: "", inputs: { name: "Ada" } }) },
  { query: watch, variables: variables({ executionId: "", fromIndex: -1 }) },
  { query: start, variables: variables({ executionId: "" }) },
];
