/** The audits of graphql-http, each with its outcome, for every URL that is given. */

import { serverAudits } from "graphql-http";

const outcomes = [];
for (const url of process.argv.slice(2)) {
  const found = [];
  for (const audit of serverAudits({ url })) {
    const { id, name, status, reason = "" } = await audit.fn();
    found.push({ id, name, status, reason });
  }
  outcomes.push(found);
}
console.log(JSON.stringify(outcomes));
