import { Icon, type IconName } from "../design/Icon";
import { Loading, Notice } from "../design/Notice";
import { Page, Panel } from "../design/Page";
import { Time } from "../design/Time";
import { Executions } from "./Executions";
import { Figures } from "./Figures";
import styles from "./ServicePage.module.css";
import { useService, type Check, type Service } from "./useService";

/** How the service does: what it says to load balancers and to Prometheus, for people. */
export default function ServicePage() {
  const { readiness, metrics, at } = useService();
  if (at === null) return <Loading label="Asking the service" />;
  return (
    <Page
      title="Service"
      about={
        <>
          How the whole service does, as of <Time at={at} />.
        </>
      }
    >
      <Panel title="Checks">
        {readiness ? <Checks checks={readiness.checks} /> : <Notice tone="bad" title="The server does not answer" />}
      </Panel>
      {metrics ? (
        <>
          <Panel title="Figures">
            <Figures metrics={metrics} />
          </Panel>
          <Panel title="Executions by status">
            <Executions metrics={metrics} />
          </Panel>
        </>
      ) : (
        <Panel title="Figures">
          <Notice title="There are no figures">
            <code>/metrics</code> cannot be reached from here.
          </Notice>
        </Panel>
      )}
    </Page>
  );
}

const LOOKS: Record<Check["status"], { text: string; icon: IconName; tone: string | undefined }> = {
  ready: { text: "Ready", icon: "tick", tone: styles.ready },
  degraded: { text: "Degraded", icon: "alert", tone: styles.degraded },
  unready: { text: "Not ready", icon: "close", tone: styles.unready },
};

function Checks({ checks }: Pick<NonNullable<Service["readiness"]>, "checks">) {
  return (
    <ul className={styles.checks}>
      {Object.entries(checks).map(([name, { status, reason }]) => {
        const { text, icon, tone } = LOOKS[status];
        return (
          <li key={name} className={tone}>
            <span className={styles.name}>{name}</span>
            <span className={styles.health}>
              <Icon name={icon} />
              {text}
            </span>
            <span className={styles.reason}>{reason}</span>
          </li>
        );
      })}
    </ul>
  );
}
