import { beforeEach, expect, test, vi } from "vitest";
import type { Problem } from "./problem";

const REFUSED = { code: "UNAUTHENTICATED" } as Problem;

vi.stubGlobal("sessionStorage", { getItem: () => null, setItem: () => {}, removeItem: () => {} });
const { access, enter, leave, noteRefusal } = await import("./access");

beforeEach(leave);

test("who shows nothing and is refused is asked for a token", () => {
  noteRefusal(REFUSED, null);
  expect(access.get()).toEqual({ token: null, isDenied: true });
});

test("a refusal that comes after another token was entered says nothing of that one", () => {
  noteRefusal(REFUSED, null);
  enter("mine");
  noteRefusal(REFUSED, null);
  expect(access.get()).toEqual({ token: "mine", isDenied: false });
  noteRefusal(REFUSED, "mine");
  expect(access.get()).toEqual({ token: "mine", isDenied: true });
});

test("other problems are no refusals", () => {
  noteRefusal({ ...REFUSED, code: "FORBIDDEN" }, null);
  noteRefusal(null, null);
  expect(access.get().isDenied).toBe(false);
});
