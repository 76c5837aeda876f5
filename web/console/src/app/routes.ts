import { lazy, type ComponentType, type LazyExoticComponent } from "react";

type PageComponent = LazyExoticComponent<ComponentType>;

export interface Place {
  /** Where it is; `:name` is a parameter. */
  path: string;
  page: PageComponent;
  /** What the navigation calls it; left out, it is reached from other pages only. */
  title?: string;
}

export const NEW_FLOW = "/flows/new";

/** Every page of the console, in the order of the navigation. Each is loaded when it is first shown. */
export const PLACES: readonly Place[] = [
  { path: "/flows", title: "Flows", page: lazy(() => import("../flows/FlowsPage")) },
  { path: NEW_FLOW, page: lazy(() => import("../flows/NewFlowPage")) },
  { path: "/flows/:flowId", page: lazy(() => import("../flows/FlowPage")) },
  { path: "/executions", title: "Executions", page: lazy(() => import("../executions/ExecutionsPage")) },
  { path: "/executions/:executionId", page: lazy(() => import("../execution/ExecutionPage")) },
  { path: "/schedules", title: "Schedules", page: lazy(() => import("../schedules/SchedulesPage")) },
  { path: "/secrets", title: "Secrets", page: lazy(() => import("../secrets/SecretsPage")) },
  { path: "/service", title: "Service", page: lazy(() => import("../service/ServicePage")) },
];

/** Where `/` leads. */
export const HOME = "/flows";

export const flowPath = (flowId: string): string => `/flows/${flowId}`;
export const executionsPath = (flowId: string): string => `/executions?flow=${flowId}`;
export const executionPath = (executionId: string): string => `/executions/${executionId}`;
