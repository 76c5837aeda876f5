import { lazy, type ComponentType, type LazyExoticComponent } from "react";
import type { Run } from "../fold/run";
import { Retry } from "./again/Retry";
import { Controls } from "./Controls";
import { signalWaits } from "./signals/waits";

export interface ExecutionView {
  /** What it is called in addresses. */
  id: string;
  title: string;
  view: LazyExoticComponent<ComponentType>;
  /** How many things it shows, if that is worth saying on its tab. */
  count?: (run: Run) => number;
  /** Whether it shows the execution as it is now, whichever moment is looked at. */
  isOfNow?: boolean;
}

/** What can be opened below the graph; the first is open at first. */
export const LOWER_VIEWS: readonly ExecutionView[] = [
  { id: "timeline", title: "Timeline", view: lazy(() => import("./timeline/Timeline")) },
  { id: "log", title: "Log", view: lazy(() => import("./log/Log")), count: (run) => run.index + 2 },
  {
    id: "tree",
    title: "Tree",
    view: lazy(() => import("./tree/Tree")),
    count: (run) => run.children.size,
    isOfNow: true,
  },
];

/** What stands at the end of the header: commands to the execution, and what can be made of it. */
export const ACTIONS: readonly ComponentType[] = [Controls, Retry];

/** What can be opened beside the graph. */
export const SIDE_VIEWS: readonly ExecutionView[] = [
  { id: "details", title: "Details", view: lazy(() => import("./inspector/Inspector")) },
  {
    id: "signals",
    title: "Signals",
    view: lazy(() => import("./signals/Signals")),
    count: (run) => signalWaits(run).length,
    isOfNow: true,
  },
  { id: "why", title: "Why?", view: lazy(() => import("./why/Why")), isOfNow: true },
  { id: "fork", title: "Fork", view: lazy(() => import("./again/Fork")), isOfNow: true },
];
