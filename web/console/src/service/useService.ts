import { useEffect, useState } from "react";
import { readMetrics, type Metrics } from "./metrics";

/** How often the service is asked; it reads its own figures as often. */
const EVERY_MS = 5000;

export interface Check {
  status: "ready" | "degraded" | "unready";
  reason: string | null;
}

export interface Service {
  readiness: (Check & { checks: Record<string, Check> }) | null;
  metrics: Metrics | null;
  /** When it was asked, in milliseconds since 1970; null: not yet. */
  at: number | null;
}

/** What the server says of itself to anybody, asked again and again while the page is looked at. */
export function useService(): Service {
  const [service, setService] = useState<Service>({ readiness: null, metrics: null, at: null });
  useEffect(() => {
    let timer = 0;
    let isOver = false;
    const ask = async () => {
      if (!document.hidden) {
        const [readiness, metrics] = await Promise.all([
          bring("/readyz", (answer) => answer.json() as Promise<Service["readiness"]>),
          bring("/metrics", async (answer) => (answer.ok ? readMetrics(await answer.text()) : null)),
        ]);
        if (!isOver) setService({ readiness, metrics, at: Date.now() });
      }
      if (!isOver) timer = window.setTimeout(ask, EVERY_MS);
    };
    void ask();
    return () => {
      isOver = true;
      window.clearTimeout(timer);
    };
  }, []);
  return service;
}

async function bring<T>(path: string, read: (answer: Response) => Promise<T>): Promise<T | null> {
  try {
    return await read(await fetch(path, { cache: "no-store" }));
  } catch {
    return null;
  }
}
