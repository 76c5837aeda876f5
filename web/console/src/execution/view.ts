import { useMemo } from "react";
import { navigate, useLocationProperty, useSearch } from "wouter/use-browser-location";
import { Changes } from "../state/cell";

/** What of an execution is looked at. All of it is in the address, so that a link shows the same. */
export interface View {
  /** The chosen node. */
  node: string | null;
  /** The open view below the graph, and the one beside it. */
  lower: string | null;
  side: string | null;
  /** The index of the event after which the run is shown. */
  at: number | null;
}

const NUMBER = /^-?\d+$/;

export function useView(): View {
  const search = useSearch();
  return useMemo(() => {
    const parameters = new URLSearchParams(search);
    const at = parameters.get("at") ?? "";
    return {
      node: parameters.get("node"),
      lower: parameters.get("lower"),
      side: parameters.get("side"),
      at: NUMBER.test(at) ? Number(at) : null,
    };
  }, [search]);
}

/** The chosen node as of now, for what is no component. */
export const chosenNode = (): string | null => new URLSearchParams(location.search).get("node");

const viewChanges = new Changes();
export const onViewChange = viewChanges.subscribe;

/** Whether a node is the chosen one; of all nodes, only the two that it changes for are drawn again. */
export function useIsChosen(nodeId: string): boolean {
  return useLocationProperty(() => chosenNode() === nodeId);
}

/** Looks at something else; what is not named stays, and null is nothing. */
export function changeView(changes: Partial<View>): void {
  const parameters = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(changes))
    if (value === null) parameters.delete(name);
    else parameters.set(name, String(value));
  const search = parameters.toString();
  navigate(`${location.pathname}${search && `?${search}`}`, { replace: true });
  viewChanges.tell();
}
