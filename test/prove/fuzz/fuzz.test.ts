import { randomInt } from "node:crypto";
import { expect, test } from "vitest";
import { decisions } from "../../../lib/decision/verdict.ts";
import { pageOf, unmet } from "./figures.ts";
import { fuzz } from "./run.ts";

test("of 20,000 reviews none breaks a promise, and every reason is met", async () => {
  const seed = randomInt(1_000_000_000);
  process.stderr.write(`fuzz: seed ${seed}\n`);
  const { figures, failures } = await fuzz({ seed, reviews: 20_000 });
  expect(failures, `seed ${seed}`).toEqual([]);
  process.stderr.write(`${pageOf(figures)}\n`);
  // A run that met too few cases shows nothing.
  expect(unmet(figures), `seed ${seed}`).toEqual([]);
  for (const decision of decisions) expect(figures.decisions[decision], decision).toBeGreaterThan(100);
  expect(Object.keys(figures.statuses)).toEqual(expect.arrayContaining(["200", "400", "404", "415", "500"]));
  expect(figures.reviews.judged).toBeGreaterThanOrEqual(20_000);
  expect(figures.reviews.handled).toBeGreaterThan(1_000);
  for (const [check, times] of Object.entries(figures.checks)) expect(times, check).toBeGreaterThan(300);
});
