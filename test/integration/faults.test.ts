import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { Fault } from "../faults/fault.ts";
import { meet } from "../faults/meet.ts";
import { faults, renewing } from "../faults/table.ts";
import { useOwnClock } from "../support/own-clock.ts";

beforeAll(useOwnClock);
afterAll(() => void vi.useRealTimers());

/** The beginning of a denial without an answer. */
const unknown = "whether alice may impersonate users/bob could not be found out: ";

/** A timeout of two seconds leaves one: the other is reserved for the way back. */
const timeout = "2s";
const deadline = 1_000;

const named = (some: (fault: Fault) => boolean) =>
  faults()
    .filter(some)
    .map((fault) => [fault.name, fault] as const);
const silent = faults().find(({ name }) => name === "silent") as Fault;
const isLate = ({ expected }: Fault): boolean => expected.code === 504;

const metAsExpected = async (fault: Fault): Promise<void> => {
  const { decision, code, failure, requests, connections, notBefore = 0 } = fault.expected;
  const met = await meet(fault, { timeout });
  expect({ ...met, message: met.message?.replace(/\b\d+ ms\b/, "N ms") }).toMatchObject({
    decision,
    allowed: decision !== "denied",
    code,
    message: failure === undefined ? undefined : unknown + failure,
    requests,
    connections,
  });
  expect(met.milliseconds).toBeGreaterThanOrEqual(notBefore);
  expect(met.milliseconds).toBeLessThanOrEqual(deadline);
  // An abandoned connection is closed, not forgotten.
  if (isLate(fault)) expect(met.open).toBe(0);
};

describe("an API server, or another server in its place", () => {
  test.each(named((fault) => !isLate(fault)))("%s", async (_, fault) => metAsExpected(fault));
});

describe.concurrent("a server that takes too long", () => {
  test.each(named(isLate))("%s", async (_, fault) => metAsExpected(fault));
});

describe.concurrent("the answer is there a second before the API server gives up", () => {
  test.each(named(isLate))("%s", async (_, fault) => {
    const { code, milliseconds } = await meet(fault, { timeout: "3s" });
    expect(code).toBe(504);
    expect(milliseconds).toBeLessThan(2_000);
  });

  test("counted from when the gateway received the request: a cold start is included", async () => {
    const { code, milliseconds } = await meet(silent, { timeout: "3s", coldStart: 1_400 });
    expect(code).toBe(504);
    expect(milliseconds).toBeLessThan(600);
  });

  test("after a cold start that took all the time: at once, and nothing is asked", async () => {
    const met = await meet(silent, { timeout: "3s", coldStart: 2_500 });
    expect(met).toMatchObject({
      code: 504,
      message: `${unknown}no time was left to ask the API server of cluster "prod"`,
      connections: 0,
    });
    expect(met.milliseconds).toBeLessThan(500);
  });

  test("and before the function is ended", async () => {
    const { code, milliseconds } = await meet(silent, { timeout: "30s", remaining: 1_200 });
    expect(code).toBe(504);
    expect(milliseconds).toBeLessThan(1_100);
  });

  test("also where a token takes too long", async () => {
    const mint = () => new Promise<never>(() => {});
    const met = await meet({ ...silent, user: renewing, mint }, { timeout: "3s" });
    expect(met).toMatchObject({ code: 504, connections: 0 });
    expect(met.milliseconds).toBeLessThan(2_000);
  });
});
