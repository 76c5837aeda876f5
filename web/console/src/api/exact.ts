import { stringifyDocument, type TypedDocumentNode } from "@urql/core";
import { access, credentials, noteRefusal } from "./access";
import { problemOf, type Problem } from "./problem";

export interface Answer<Data> {
  data: Data | null;
  problem: Problem | null;
  /** The answer as it came. */
  text: string;
}

const NO_ANSWER: Answer<never> = { data: null, problem: problemOf(null), text: "" };

/** Asks with variables that are JSON already, so that what browsers cannot tell apart, such as 2 and 2.0, goes as it is written. */
export async function askExactly<Data, Variables>(
  document: TypedDocumentNode<Data, Variables>,
  variables: string,
): Promise<Answer<Data>> {
  const { token } = access.get();
  const headers = { "content-type": "application/json", ...credentials(token) };
  const body = `{"query": ${JSON.stringify(stringifyDocument(document))}, "variables": ${variables}}`;
  try {
    const answer = read<Data>(await (await fetch("/graphql", { method: "POST", headers, body })).text());
    noteRefusal(answer.problem, token);
    return answer;
  } catch {
    return NO_ANSWER;
  }
}

function read<Data>(text: string): Answer<Data> {
  const { data = null, errors } = JSON.parse(text) as { data?: Data | null; errors?: unknown };
  const problem = errors ? problemOf(errors) : null;
  return { data: problem ? null : data, problem, text };
}
