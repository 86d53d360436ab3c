import { randomInt } from "node:crypto";
import { expect, test } from "vitest";
import { fuzzProxy } from "./run.ts";

const seed = Number(process.env["PROVE_SEED"] ?? randomInt(1_000_000_000));

test(`of 20,000 requests none breaks a promise, seed ${seed}`, () => {
  const { figures, failures } = fuzzProxy({ seed, requests: 20_000 });
  console.log(JSON.stringify(figures));
  expect(failures).toEqual([]);
  // A run that met too few cases shows nothing.
  expect(figures.requests).toBe(20_000);
  expect(figures.forwarded.actor).toBeGreaterThan(2_000);
  expect(figures.forwarded.caller).toBeGreaterThan(100);
  expect(figures.forwarded.none).toBeGreaterThan(100);
  expect(figures.nested).toBeGreaterThan(500);
  expect(figures.refused).toBeGreaterThan(2_000);
  expect(figures.unreadable).toBeGreaterThan(100);
  expect(figures.turned).toBeGreaterThan(5_000);
});
