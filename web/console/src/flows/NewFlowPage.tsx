import { useState } from "react";
import { useLocation } from "wouter";
import { CreateFlowDocument } from "../api/generated/operations";
import { askExactly } from "../api/exact";
import { flowPath } from "../app/routes";
import { Page } from "../design/Page";
import { toastProblem } from "../design/Toasts";
import { DocumentForm } from "./document/DocumentForm";
import { jsonOf, Numeral, type Exact } from "./document/exact";

/** A flow to begin with: small, valid, and with an input and an output. */
const BEGINNING: Exact = {
  tidegate: new Numeral("1"),
  name: "A new flow",
  description: "What it does, in a sentence or two.",
  nodes: [
    { id: "name", type: "flow.input", inputs: { name: "name", schema: { type: "string" }, default: "Ada" } },
    { id: "hello", type: "value.text", inputs: { value: "Hello" } },
    { id: "words", type: "flow.collect" },
    { id: "greeting", type: "text.join", inputs: { separator: ", " } },
    { id: "out", type: "flow.output", inputs: { name: "greeting" } },
  ],
  edges: [
    { from: "hello.value", to: "words.items" },
    { from: "name.value", to: "words.items" },
    { from: "words.items", to: "greeting.parts" },
    { from: "greeting.text", to: "out.value" },
  ],
};

export default function NewFlowPage() {
  const [isGoing, setGoing] = useState(false);
  const [, navigate] = useLocation();
  const make = async (document: Exact) => {
    setGoing(true);
    const { data, problem } = await askExactly(CreateFlowDocument, jsonOf({ input: { document } }));
    setGoing(false);
    if (problem) toastProblem(problem);
    if (data) navigate(flowPath(data.createFlow.flow.id));
  };
  return (
    <Page title="New flow" about="Its document says which nodes there are and how they are joined.">
      <DocumentForm
        title="Document"
        document={BEGINNING}
        action="Make the flow"
        isGoing={isGoing}
        isNew
        onTake={(document) => void make(document)}
      />
    </Page>
  );
}
