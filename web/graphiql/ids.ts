/** The ids of what was made last, by the names that variables have for them, with all those that were put in before. */
const known = new Map<string, { latest: string; filled: Set<string> }>();

const MADE: Record<string, (data: any) => unknown> = {
  flowId: (data) => data.createFlow?.flow?.id,
  executionId: (data) => data.createExecution?.execution?.id,
};

/** Take note of the ids in the data of a result. */
export function remember(data: unknown): void {
  for (const [name, find] of Object.entries(MADE)) {
    const id = data ? find(data) : undefined;
    if (typeof id === "string") known.set(name, { latest: id, filled: new Set([...(known.get(name)?.filled ?? []), id]) });
  }
}

/** Put the newest ids where variables have none, or an older one from here; null if nothing is to be changed. */
export function fillIn(text: string): string | null {
  let variables: Record<string, unknown>;
  try {
    variables = JSON.parse(text);
  } catch {
    return null;
  }
  const before = JSON.stringify(variables);
  for (const [name, { latest, filled }] of known) {
    const value = variables[name];
    if (value === "" || (typeof value === "string" && filled.has(value))) variables[name] = latest;
  }
  return JSON.stringify(variables) === before ? null : JSON.stringify(variables, null, 2);
}
