import type { TypedDocumentNode } from "@urql/core";
import { useCallback } from "react";
import { useClient } from "urql";
import { problemOf } from "../api/problem";
import { toastProblem } from "../design/Toasts";

type Command = <Data, Variables extends Record<string, unknown>>(
  document: TypedDocumentNode<Data, Variables>,
  variables: Variables,
) => Promise<Data | null>;

/** Sends a mutation; null, with the problem said in passing, if it is refused. */
export function useCommand(): Command {
  const client = useClient();
  return useCallback(
    async (document, variables) => {
      const { data, error } = await client.mutation(document, variables).toPromise();
      if (error) toastProblem(problemOf(error));
      return error ? null : (data ?? null);
    },
    [client],
  );
}
