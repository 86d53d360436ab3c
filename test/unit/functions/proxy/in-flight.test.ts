import { expect, test } from "vitest";
import { inFlight } from "../../../../functions/proxy/in-flight.ts";

test("each kind has a limit of its own, and who is exempt is neither refused nor counted", () => {
  const enter = inFlight({ read: 1, write: 1, "long-running": 1 });
  const leave = enter("read", false);
  expect(leave).toBeDefined();
  expect(enter("read", false)).toBeUndefined();
  expect(enter("read", true)).toBeDefined();
  expect(enter("write", false)).toBeDefined();
  expect(enter("long-running", false)).toBeDefined();
  leave?.();
  expect(enter("read", false)).toBeDefined();
  expect(enter("read", false)).toBeUndefined();
});

test("each beginning and end is told, also of those who are exempt, and not of those who are refused", () => {
  const told: string[] = [];
  const enter = inFlight({ read: 1, write: 0, "long-running": 1 }, (load, change) => told.push(`${load} ${change}`));
  const leaves = [enter("read", false), enter("read", true), enter("read", false), enter("write", false)];
  for (const leave of leaves) leave?.();
  expect(told).toEqual(["read 1", "read 1", "read -1", "read -1"]);
});
