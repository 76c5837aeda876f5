import { useDeferredValue, useMemo, useState } from "react";
import { useQuery } from "urql";
import { useSearchParams } from "wouter";
import { FlowVersionsDocument } from "../api/generated/operations";
import { Button } from "../design/Button";
import { Notice } from "../design/Notice";
import { Page, Panel } from "../design/Page";
import { statusText } from "../design/Status";
import { Runs } from "../runs/Runs";
import { useRuns } from "../runs/useRuns";
import { BULKS, type Bulk } from "./bulk";
import { BulkDialog } from "./BulkDialog";
import { filterOf, parametersOf, SPANS, wantedOf, type Wanted } from "./filter";
import { Filters } from "./Filters";

export default function ExecutionsPage() {
  const [parameters, setParameters] = useSearchParams();
  const wanted = useMemo(() => wantedOf(parameters), [parameters]);
  const settled = useDeferredValue(wanted);
  // The span is as of when it was chosen, or each moment would be another list.
  const filter = useMemo(() => filterOf(settled, Date.now()), [JSON.stringify(settled)]);
  const runs = useRuns(settled.flowId, filter);
  const flowName = useFlowName(wanted.flowId);
  const [bulk, setBulk] = useState<Bulk | null>(null);
  const actions = BULKS.map((one) => (
    <Button key={one.name} icon={one.icon} look={one.isDangerous ? "danger" : "plain"} onClick={() => setBulk(one)}>
      {one.name} all
    </Button>
  ));
  return (
    <Page title="Executions" about="What runs and what has run, newest first, as it comes and goes." actions={actions}>
      <Filters
        wanted={wanted}
        flowName={flowName}
        onChange={(next) => setParameters(parametersOf(next), { replace: true })}
      />
      <Panel>
        <Runs runs={runs} isOfOneFlow={wanted.flowId !== null} none={<None isFiltered={filter !== null} />} />
      </Panel>
      {bulk && (
        <BulkDialog bulk={bulk} filter={filter} matching={inWords(settled, flowName)} onClose={() => setBulk(null)} />
      )}
    </Page>
  );
}

function None({ isFiltered }: { isFiltered: boolean }) {
  if (isFiltered) return <Notice title="No execution matches" />;
  return <Notice title="Nothing has run yet">Run a flow from its page.</Notice>;
}

function useFlowName(flowId: string | null): string {
  const variables = { flowId: flowId ?? "", first: 100 };
  const [{ data }] = useQuery({ query: FlowVersionsDocument, variables, pause: flowId === null });
  return data?.flow?.name ?? "One flow";
}

/** "Running executions of Order total with team=billing, last day". */
function inWords({ flowId, statuses, labels, hours, error }: Wanted, flowName: string): string {
  const kinds = statuses.map((status) => statusText(status).toLowerCase()).join(" or ");
  const span = SPANS.find(([value]) => value === hours)?.[1].toLowerCase();
  return [
    kinds ? `Executions that are ${kinds}` : "All executions",
    flowId && `of ${flowName}`,
    labels && `with ${labels}`,
    error && `with the error “${error}”`,
    hours && `of the ${span}`,
  ]
    .filter(Boolean)
    .join(" ");
}
