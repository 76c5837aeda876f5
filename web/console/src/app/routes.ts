import { lazy, type ComponentType, type LazyExoticComponent } from "react";

type PageComponent = LazyExoticComponent<ComponentType>;

export interface Place {
  /** Where it is; `:name` is a parameter. */
  path: string;
  page: PageComponent;
  /** What the navigation calls it; left out, it is reached from other pages only. */
  title?: string;
}

/** Every page of the console, in the order of the navigation. Each is loaded when it is first shown. */
export const PLACES: readonly Place[] = [
  { path: "/flows", title: "Flows", page: lazy(() => import("../flows/FlowsPage")) },
  { path: "/flows/:flowId", page: lazy(() => import("../flows/FlowPage")) },
  { path: "/executions/:executionId", page: lazy(() => import("../execution/ExecutionPage")) },
];

/** Where `/` leads. */
export const HOME = "/flows";

export const flowPath = (flowId: string): string => `/flows/${flowId}`;
export const executionPath = (executionId: string): string => `/executions/${executionId}`;
