import { duration, number } from "../design/words";
import { quantileOf, valueOf, type Metrics } from "./metrics";
import styles from "./ServicePage.module.css";

interface Figure {
  title: string;
  /** The metric, whose words explain it. */
  metric: string;
  read: (metrics: Metrics, metric: string) => string;
}

const NOTHING = "–";
const count = (metrics: Metrics, metric: string) => {
  const value = valueOf(metrics, metric);
  return value === null ? NOTHING : number(value);
};
const span = (metrics: Metrics, metric: string) => seconds(valueOf(metrics, metric));
const quantile = (share: number) => (metrics: Metrics, metric: string) => {
  const value = quantileOf(metrics, metric, share);
  return value === Infinity ? "More than 10 s" : seconds(value);
};

const seconds = (value: number | null) => (value === null ? NOTHING : duration(value * 1000));

const FIGURES: readonly Figure[] = [
  { title: "Workers", metric: "tidegate_workers", read: count },
  { title: "Slots", metric: "tidegate_slots", read: count },
  { title: "Ready, no worker yet", metric: "tidegate_queue_ready", read: count },
  { title: "Oldest ready", metric: "tidegate_queue_oldest_ready_seconds", read: span },
  { title: "With workers", metric: "tidegate_queue_held", read: count },
  { title: "Oldest command", metric: "tidegate_oldest_command_seconds", read: span },
  { title: "Timers behind", metric: "tidegate_timer_overdue_seconds", read: span },
  { title: "Last beat of a worker", metric: "tidegate_beat_age_seconds", read: span },
  { title: "Delivery, half within", metric: "tidegate_delivery_seconds", read: quantile(0.5) },
  { title: "Delivery, 99 % within", metric: "tidegate_delivery_seconds", read: quantile(0.99) },
  { title: "Open sockets", metric: "tidegate_sockets", read: count },
  { title: "Slow clients dropped", metric: "tidegate_slow_clients_total", read: count },
];

export function Figures({ metrics }: { metrics: Metrics }) {
  return (
    <dl className={styles.figures}>
      {FIGURES.map(({ title, metric, read }) => (
        <div key={title} title={metrics.help.get(metric)}>
          <dt>{title}</dt>
          <dd>{read(metrics, metric)}</dd>
        </div>
      ))}
    </dl>
  );
}
