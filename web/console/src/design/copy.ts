import { toast } from "./Toasts";

/** Puts a text where it can be pasted from; `what` begins with a capital letter. */
export async function copy(what: string, text: string): Promise<void> {
  await navigator.clipboard.writeText(text);
  toast(`${what} copied.`);
}
