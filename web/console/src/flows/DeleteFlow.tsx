import { useState } from "react";
import { useLocation } from "wouter";
import { DeleteFlowDocument } from "../api/generated/operations";
import { useCommand } from "../app/command";
import { HOME } from "../app/routes";
import { Button } from "../design/Button";
import { Confirm } from "../design/Confirm";
import { toast } from "../design/Toasts";

export function DeleteFlow({ flowId, name }: { flowId: string; name: string }) {
  const [isAsked, setAsked] = useState(false);
  const [, navigate] = useLocation();
  const command = useCommand();
  const remove = async () => {
    if (!(await command(DeleteFlowDocument, { id: flowId }))) return;
    toast(`The flow “${name}” is deleted.`);
    navigate(HOME);
  };
  return (
    <>
      <Button look="danger" onClick={() => setAsked(true)}>
        Delete
      </Button>
      {isAsked && (
        <Confirm
          title={`Delete the flow “${name}”?`}
          action="Delete it for good"
          onConfirm={remove}
          onClose={() => setAsked(false)}
        >
          It goes with all its versions, schedules and webhooks, and can be run no more. What has run stays readable.
        </Confirm>
      )}
    </>
  );
}
