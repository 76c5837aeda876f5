import { useEffect, useMemo, useState } from "react";
import { useClient } from "urql";
import {
  FlowDocumentDocument,
  FlowVersionsDocument,
  SaveFlowDocument,
  type FlowDocumentQuery,
  type SaveFlowMutation,
} from "../../api/generated/operations";
import { askExactly, type Answer } from "../../api/exact";
import type { Problem } from "../../api/problem";
import { Button } from "../../design/Button";
import { Loading, ProblemNotice } from "../../design/Notice";
import { toast } from "../../design/Toasts";
import styles from "./Document.module.css";
import { DocumentForm } from "./DocumentForm";
import { jsonOf, Numeral, type Exact } from "./exact";
import { memberOf } from "./text";

interface FlowDocumentProps {
  flowId: string;
  /** The version that is shown, and the newest one that is known. */
  number: number;
  newest: number;
  onSaved: (version: number) => void;
}

/** The document of a version; what becomes of it is saved as another version. */
export default function FlowDocument({ flowId, number, newest, onSaved }: FlowDocumentProps) {
  const { document, problem } = useDocument(flowId, number);
  const { isGoing, refused, save } = useSave(flowId, newest, onSaved);
  if (problem) return <ProblemNotice problem={problem} />;
  if (document === null) return <Loading label="Loading the document" />;
  return (
    <DocumentForm
      title={`Document of version ${number}`}
      document={document}
      action={`Save as version ${newest + 1}`}
      isGoing={isGoing}
      onTake={(document) => void save(document, newest)}
    >
      {refused && <Refusal {...refused} onAgain={(expected) => void save(refused.document, expected)} />}
    </DocumentForm>
  );
}

const AT = ["data", "flow", "version", "document"];

/** The document of a version, its numbers as they are written. */
function useDocument(flowId: string, number: number): { document: Exact | null; problem: Problem | null } {
  const [answer, setAnswer] = useState<Answer<FlowDocumentQuery> | null>(null);
  useEffect(() => {
    void askExactly(FlowDocumentDocument, JSON.stringify({ flowId, number })).then(setAnswer);
  }, [flowId, number]);
  const isThere = Boolean(answer?.data?.flow?.version);
  const document = useMemo(() => (answer && isThere ? memberOf(answer.text, AT) : null), [answer, isThere]);
  return { document, problem: answer && !isThere ? (answer.problem ?? GONE) : null };
}

const GONE: Problem = { code: "NOT_FOUND", message: "There is no such version." };

interface Refused {
  problem: Problem;
  document: Exact;
  /** The newest version, if it is another one than was thought. */
  meanwhile: number | null;
}

function useSave(flowId: string, newest: number, onSaved: (version: number) => void) {
  const client = useClient();
  const [isGoing, setGoing] = useState(false);
  const [refused, setRefused] = useState<Refused | null>(null);
  const save = async (document: Exact, expectedVersion: number) => {
    setGoing(true);
    const input = { id: flowId, document, expectedVersion: new Numeral(String(expectedVersion)) };
    const { data, problem } = await askExactly(SaveFlowDocument, jsonOf({ input }));
    const meanwhile = problem?.code === "CONFLICT" ? await newestOf() : null;
    setGoing(false);
    setRefused(problem && { problem, document, meanwhile });
    if (data) done(data);
  };
  const newestOf = async () => {
    const read = client.query(FlowVersionsDocument, { flowId, first: 1 }, { requestPolicy: "network-only" });
    const found = (await read.toPromise()).data?.flow?.versions.edges[0]?.node.version;
    return found === undefined || found === newest ? null : found;
  };
  const done = ({ updateFlow: { flow } }: SaveFlowMutation) => {
    toast(`Saved as version ${flow.latest.version}.`);
    onSaved(flow.latest.version);
  };
  return { isGoing, refused, save };
}

function Refusal({ problem, meanwhile, onAgain }: Refused & { onAgain: (expected: number) => void }) {
  if (meanwhile === null)
    return (
      <div role="alert" className={styles.conflict}>
        <p>{problem.message}</p>
      </div>
    );
  return (
    <div role="alert" className={styles.conflict}>
      <p>Somebody has saved version {meanwhile} meanwhile. What you have typed is still here and not saved.</p>
      <Button
        onClick={() => window.open(`${location.pathname}?tab=document&version=${meanwhile}`, "_blank", "noopener")}
      >
        Look at version {meanwhile}
      </Button>
      <Button look="danger" onClick={() => onAgain(meanwhile)}>
        Save mine as version {meanwhile + 1}
      </Button>
    </div>
  );
}
