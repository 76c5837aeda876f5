import { useState } from "react";
import { DeleteWebhookDocument, WebhooksDocument, type WebhooksQuery } from "../api/generated/operations";
import { useList } from "../api/list";
import { useCommand } from "../app/command";
import { Button, IconButton } from "../design/Button";
import { Confirm } from "../design/Confirm";
import { copy } from "../design/copy";
import { Loading, Notice, ProblemNotice } from "../design/Notice";
import { Columns, Panel } from "../design/Page";
import { More, Table, type Column } from "../design/Table";
import { Time } from "../design/Time";
import styles from "./Triggers.module.css";
import { WebhookForm } from "./WebhookForm";

type Webhook = WebhooksQuery["webhooks"]["edges"][number]["node"];

const addressOf = ({ path }: Pick<Webhook, "path">): string => `${location.origin}${path}`;

/** Where messages from outside run a flow. */
export default function Webhooks({ flowId }: { flowId: string }) {
  const list = useList(WebhooksDocument, { flowId }, (data) => data.webhooks);
  const { rows, problem, hasMore, isLoading, more, refresh, revise } = list;
  const [leaving, setLeaving] = useState<Webhook | null>(null);
  const command = useCommand();
  const remove = async ({ id }: Webhook) => {
    if (await command(DeleteWebhookDocument, { id })) revise((row) => (row.id === id ? null : row));
  };
  return (
    <Columns>
      <Panel title="Webhooks">
        {problem && <ProblemNotice problem={problem} onRetry={refresh} />}
        {!rows && !problem && <Loading lines={3} label="Loading webhooks" />}
        {rows && rows.length > 0 && (
          <Table label="Webhooks" columns={columns(setLeaving)} rows={rows} keyOf={({ id }) => id} />
        )}
        {rows?.length === 0 && (
          <Notice title="There are no webhooks yet">
            Each signed message to a webhook runs the newest version of the flow for one event.
          </Notice>
        )}
        {hasMore && <More isLoading={isLoading} onMore={more} />}
      </Panel>
      <Panel title="New webhook">
        <WebhookForm flowId={flowId} onMade={refresh} />
      </Panel>
      {leaving && (
        <Confirm
          title={`Delete the webhook for ${leaving.eventName}?`}
          action="Delete it"
          onConfirm={() => remove(leaving)}
          onClose={() => setLeaving(null)}
        >
          What is sent to it from now on is refused, and its signing key is gone for good.
        </Confirm>
      )}
    </Columns>
  );
}

const columns = (remove: (webhook: Webhook) => void): Column<Webhook>[] => [
  { title: "Event", cell: ({ eventName }) => <strong>{eventName}</strong> },
  {
    title: "Address",
    cell: (webhook) => (
      <div className={styles.address}>
        <code>{addressOf(webhook)}</code>
        <IconButton icon="copy" label="Copy the address" onClick={() => void copy("Address", addressOf(webhook))} />
      </div>
    ),
  },
  { title: "Made", cell: ({ createdAt }) => <Time at={createdAt} />, isMinor: true },
  {
    title: "Actions",
    isNumber: true,
    cell: (webhook) => (
      <Button look="quiet" aria-label={`Delete ${webhook.eventName}`} onClick={() => remove(webhook)}>
        Delete
      </Button>
    ),
  },
];
