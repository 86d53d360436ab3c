import { randomInt } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { versions } from "../versions.ts";
import { pageOf } from "./figures.ts";
import { startTwinsGround, type TwinsGround } from "./ground.ts";
import { proveTwins } from "./prove.ts";

const seed = Number(process.env["PROVE_SEED"] ?? randomInt(1_000_000_000));

describe.for(versions)("Kubernetes %s", (version) => {
  let ground: TwinsGround | undefined;
  beforeAll(async () => {
    ground = await startTwinsGround({ version });
  });
  afterAll(() => ground?.stop());

  test(`the function and the twins agree, seed ${seed}`, async () => {
    const { figures, counterexamples } = await proveTwins({
      ground: ground as TwinsGround,
      seed,
      objects: 500,
      worlds: 5,
    });
    console.log(pageOf(figures));
    expect(counterexamples).toEqual([]);
    const { create, update, status } = figures.writes;
    expect([create.asked, update.asked + status.asked]).toEqual([500, 250]);
    // Where everything were refused, or allowed, nothing would be compared.
    for (const { agreed } of [create, update]) {
      expect(agreed.kept).toBeGreaterThan(20);
      expect(agreed.refused).toBeGreaterThan(10);
      if (figures.sets) expect(agreed.set).toBeGreaterThan(15);
      else expect(agreed.set).toBe(0);
    }
    expect(status.agreed.kept).toBeGreaterThan(5);
    expect(status.agreed.refused).toBeGreaterThan(0);
  });
});
