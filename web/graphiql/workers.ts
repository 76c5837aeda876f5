import EditorWorker from "monaco-editor/esm/vs/editor/editor.worker.js?worker";
import JsonWorker from "monaco-editor/esm/vs/language/json/json.worker.js?worker";
import GraphQLWorker from "monaco-graphql/esm/graphql.worker.js?worker";

const WORKERS: Record<string, new () => Worker> = { json: JsonWorker, graphql: GraphQLWorker };

function getWorker(_id: string, label: string): Worker {
  return new (WORKERS[label] ?? EditorWorker)();
}

// Where the editor looks for what it runs beside the page.
Object.assign(globalThis, { MonacoEnvironment: { getWorker } });
