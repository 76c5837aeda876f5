import { useId, useMemo, useState } from "react";
import { useMutation } from "urql";
import { CreateScheduleDocument } from "../api/generated/operations";
import { problemOf, type Problem } from "../api/problem";
import type { CatchUpPolicy } from "../api/generated/schema";
import { Button } from "../design/Button";
import { Field } from "../design/Field";
import { toast } from "../design/Toasts";
import { inputsOf, type Version } from "../forms/flow-inputs";
import { Form } from "../forms/Form";
import { SchemaFields } from "../forms/SchemaFields";
import { memberAt, useFields } from "../forms/useFields";

const CATCH_UPS: readonly [CatchUpPolicy, string][] = [
  ["LATEST", "Make up for the last one"],
  ["ALL", "Make up for each of them"],
  ["SKIP", "Leave them out"],
];

const ZONES = Intl.supportedValuesOf("timeZone");
const HERE = Intl.DateTimeFormat().resolvedOptions().timeZone;

/** Makes a schedule that runs the newest version of a flow. */
export function ScheduleForm({ version, onMade }: { version: Version; onMade: () => void }) {
  const inputs = useFields(useMemo(() => inputsOf(version), [version]));
  const [cron, setCron] = useState("0 9 * * mon-fri");
  const [timeZone, setTimeZone] = useState(HERE);
  const [catchUp, setCatchUp] = useState<CatchUpPolicy>("LATEST");
  const [problem, setProblem] = useState<Problem | null>(null);
  const [{ fetching }, create] = useMutation(CreateScheduleDocument);
  const zones = useId();
  const at = (field: string) => (problem?.field === `input.${field}` ? problem.message : undefined);

  const submit = async () => {
    const values = inputs.read();
    if (!values) return;
    const { error } = await create({ input: { flowId: version.flowId, cron, timeZone, catchUp, inputs: values } });
    if (error) return refuse(problemOf(error));
    setProblem(null);
    toast(`The schedule ${cron} is made.`);
    onMade();
  };
  const refuse = (refusal: Problem) => setProblem(inputs.place(refusal, memberAt("input.inputs")) ? null : refusal);
  const isElsewhere = at("cron") === undefined && at("timeZone") === undefined;
  const actions = (
    <Button type="submit" look="primary" disabled={fetching}>
      Make the schedule
    </Button>
  );
  return (
    <Form label="New schedule" actions={actions} refused={isElsewhere ? problem : null} onSubmit={() => void submit()}>
      <Field
        label="When"
        problem={at("cron")}
        hint="Minute, hour, day, month and day of the week as in cron; or @hourly, @daily."
      >
        {(control) => (
          <input
            {...control}
            name="cron"
            spellCheck={false}
            value={cron}
            onChange={({ target }) => setCron(target.value)}
          />
        )}
      </Field>
      <Field label="Time zone" problem={at("timeZone")} hint="Whose clocks count.">
        {(control) => (
          <>
            <input
              {...control}
              name="timeZone"
              list={zones}
              spellCheck={false}
              value={timeZone}
              onChange={({ target }) => setTimeZone(target.value)}
            />
            <datalist id={zones}>
              {ZONES.map((zone) => (
                <option key={zone} value={zone} />
              ))}
            </datalist>
          </>
        )}
      </Field>
      <Field label="Times at which no worker is there">
        {(control) => (
          <select {...control} value={catchUp} onChange={({ target }) => setCatchUp(target.value as CatchUpPolicy)}>
            {CATCH_UPS.map(([policy, text]) => (
              <option key={policy} value={policy}>
                {text}
              </option>
            ))}
          </select>
        )}
      </Field>
      <SchemaFields fields={inputs} />
    </Form>
  );
}
