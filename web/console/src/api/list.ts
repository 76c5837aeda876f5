import type { TypedDocumentNode } from "@urql/core";
import { useCallback, useEffect, useRef, useState } from "react";
import { useClient } from "urql";
import { problemOf, type Problem } from "./problem";

const PAGE = 50;

export interface Connection<Row> {
  edges: readonly { node: Row }[];
  pageInfo: { hasNextPage: boolean; endCursor?: string | null };
}

export interface List<Row> {
  /** Null until the first page is there. */
  rows: readonly Row[] | null;
  problem: Problem | null;
  isLoading: boolean;
  hasMore: boolean;
  more: () => void;
  /** Reads the first page again: what is new comes on top, and what has changed is replaced. */
  refresh: () => void;
  /** Puts what is known by now in the place of rows; null takes one out. */
  revise: (change: (row: Row) => Row | null) => void;
}

interface Read<Row> {
  rows: readonly Row[] | null;
  cursor: string | null;
  problem: Problem | null;
  isLoading: boolean;
}

const NOTHING = { rows: null, cursor: null, problem: null, isLoading: true };

/** A list that is read page by page, from the beginning whenever its variables change. */
export function useList<Data, Variables extends Record<string, unknown>, Row extends { id: string }>(
  document: TypedDocumentNode<Data, Variables & { first: number; after?: string | null | undefined }>,
  variables: Variables,
  connectionOf: (data: Data) => Connection<Row> | null | undefined,
): List<Row> {
  const client = useClient();
  const [read, setRead] = useState<Read<Row>>(NOTHING);
  const key = JSON.stringify(variables);
  const current = useRef(key);
  current.current = key;

  const load = useCallback(
    async (after: string | null, join: (before: Read<Row>, page: Connection<Row>) => Partial<Read<Row>>) => {
      setRead((before) => ({ ...before, isLoading: true }));
      const asked = { ...(JSON.parse(key) as Variables), first: PAGE, after };
      const { data, error } = await client.query(document, asked, { requestPolicy: "network-only" }).toPromise();
      if (current.current !== key) return;
      const page = data && connectionOf(data);
      const problem = error ? problemOf(error) : null;
      setRead((before) => ({ ...before, ...(page ? join(before, page) : {}), problem, isLoading: false }));
    },
    // `connectionOf` says the same at each rendering.
    [client, document, key],
  );

  useEffect(() => {
    setRead(NOTHING);
    void load(null, (_before, page) => ({ rows: nodes(page), cursor: next(page) }));
  }, [load]);

  return {
    rows: read.rows,
    problem: read.problem,
    isLoading: read.isLoading,
    hasMore: read.cursor !== null,
    more: () =>
      void load(read.cursor, (before, page) => ({ rows: joined(before.rows ?? [], nodes(page)), cursor: next(page) })),
    refresh: useCallback(() => {
      void load(null, (before, page) =>
        before.rows ? { rows: joined(nodes(page), before.rows) } : { rows: nodes(page), cursor: next(page) },
      );
    }, [load]),
    revise: useCallback((change) => {
      setRead((before) => {
        const rows = before.rows?.map(change).filter((row) => row !== null) ?? null;
        return { ...before, rows };
      });
    }, []),
  };
}

const nodes = <Row>(page: Connection<Row>) => page.edges.map((edge) => edge.node);
const next = <Row>(page: Connection<Row>) => (page.pageInfo.hasNextPage ? (page.pageInfo.endCursor ?? null) : null);

/** Two pieces of a list, the first of which is right where they meet. */
function joined<Row extends { id: string }>(first: readonly Row[], second: readonly Row[]): Row[] {
  const known = new Set(first.map((row) => row.id));
  return [...first, ...second.filter((row) => !known.has(row.id))];
}
