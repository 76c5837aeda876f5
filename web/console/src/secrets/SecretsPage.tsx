import { useState } from "react";
import { DeleteSecretDocument, SecretsDocument, type SecretsQuery } from "../api/generated/operations";
import { useList } from "../api/list";
import { useCommand } from "../app/command";
import { Button } from "../design/Button";
import { Confirm } from "../design/Confirm";
import { Loading, Notice, ProblemNotice } from "../design/Notice";
import { Columns, Page, Panel } from "../design/Page";
import { More, Table, type Column } from "../design/Table";
import { Time } from "../design/Time";
import { SecretForm } from "./SecretForm";

type Secret = SecretsQuery["secrets"]["edges"][number]["node"];

/** The viewer's secrets by name. What they say comes here only to be stored. */
export default function SecretsPage() {
  const { rows, problem, hasMore, isLoading, more, refresh, revise } = useList(
    SecretsDocument,
    {},
    (data) => data.secrets,
  );
  const [leaving, setLeaving] = useState<Secret | null>(null);
  const command = useCommand();
  const remove = async (name: string) => {
    if (await command(DeleteSecretDocument, { name })) revise((row) => (row.name === name ? null : row));
  };
  return (
    <Page title="Secrets" about="Yours alone. Flows use them by name; nobody can read them again.">
      <Columns>
        <Panel title="Stored">
          {problem && <ProblemNotice problem={problem} onRetry={refresh} />}
          {!rows && !problem && <Loading lines={3} label="Loading secrets" />}
          {rows && rows.length > 0 && (
            <Table label="Secrets" columns={columns(setLeaving)} rows={rows} keyOf={({ id }) => id} />
          )}
          {rows?.length === 0 && <Notice title="You have stored no secret" />}
          {hasMore && <More isLoading={isLoading} onMore={more} />}
        </Panel>
        <Panel title="Store a secret">
          <SecretForm onStored={refresh} />
        </Panel>
      </Columns>
      {leaving && (
        <Confirm
          title={`Delete the secret ${leaving.name}?`}
          action="Delete it"
          onConfirm={() => remove(leaving.name)}
          onClose={() => setLeaving(null)}
        >
          Nodes that use it fail from now on, until there is one of this name again.
        </Confirm>
      )}
    </Page>
  );
}

const columns = (remove: (secret: Secret) => void): Column<Secret>[] => [
  { title: "Name", cell: ({ name }) => <code>{name}</code> },
  { title: "Flows say", cell: ({ name }) => <code>{`{"$secret": "${name}"}`}</code>, isMinor: true },
  { title: "Stored", cell: ({ updatedAt }) => <Time at={updatedAt} /> },
  { title: "Key", cell: ({ keyId }) => <code>{keyId}</code>, isMinor: true },
  {
    title: "Actions",
    isNumber: true,
    cell: (secret) => (
      <Button look="quiet" aria-label={`Delete ${secret.name}`} onClick={() => remove(secret)}>
        Delete
      </Button>
    ),
  },
];
