import { useState } from "react";
import { useClient } from "urql";
import { PayloadDocument } from "../api/generated/operations";
import { problemOf } from "../api/problem";
import { Button } from "../design/Button";
import { Json, type LargeValue } from "../design/Json";
import { toastProblem } from "../design/Toasts";
import { bytes } from "../design/words";
import { useExecution } from "./store";

/** Stands for a value that is too large to be sent along, and brings it. As a function it is the `large` of `Json`. */
export const PayloadButton = (value: LargeValue) => <Payload value={value} />;

function Payload({ value }: { value: LargeValue }) {
  const { execution } = useExecution();
  const client = useClient();
  const [whole, setWhole] = useState<{ value: unknown } | null>(null);
  const bring = async () => {
    const variables = { executionId: execution.id, payloadId: value.id };
    const { data, error } = await client
      .query(PayloadDocument, variables, { requestPolicy: "network-only" })
      .toPromise();
    if (error) toastProblem(problemOf(error));
    else setWhole({ value: data?.payload });
  };
  if (whole) return <Json value={whole.value} />;
  return (
    <>
      {value.preview}… <Button onClick={() => void bring()}>Bring all {bytes(value.bytes)}</Button>
    </>
  );
}
