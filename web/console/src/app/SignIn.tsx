import { useState, type FormEvent } from "react";
import { access, enter } from "../api/access";
import { Button } from "../design/Button";
import { Field } from "../design/Field";
import { useCell } from "../state/cell";
import styles from "./SignIn.module.css";

/** Stands in place of every page while the server lets the caller in no further. */
export function SignIn() {
  const { token } = useCell(access);
  const [typed, setTyped] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const given = typed.trim().replace(/^Bearer\s+/i, "");
    if (given) enter(given);
  };
  return (
    <div className={styles.middle}>
      <form className={styles.card} onSubmit={submit}>
        <h1>{token ? "This token is not accepted" : "This server asks who you are"}</h1>
        <p>
          {token
            ? "It may have ended, or be meant for another server. Ask for a new one where you got it."
            : "Give the token that your identity provider has made for you."}
        </p>
        <Field label="Token" hint="It is kept in this tab only, until you close it.">
          {(control) => (
            <input
              {...control}
              type="password"
              autoComplete="off"
              spellCheck={false}
              autoFocus
              value={typed}
              onChange={(event) => setTyped(event.target.value)}
            />
          )}
        </Field>
        <Button look="primary" type="submit" disabled={!typed.trim()}>
          Continue
        </Button>
      </form>
    </div>
  );
}
