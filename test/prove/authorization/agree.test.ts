import { randomInt } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { versions } from "../versions.ts";
import { type Ground, startGround } from "../worlds/ground.ts";
import { pageOf } from "./figures.ts";
import { prove } from "./prove.ts";

const seed = Number(process.env["PROVE_SEED"] ?? randomInt(1_000_000_000));

describe.for(versions)("Kubernetes %s", (version) => {
  let ground: Ground | undefined;
  beforeAll(async () => {
    ground = await startGround({ version, webhook: true });
  });
  afterAll(() => ground?.stop());

  test(`the API server and the library agree, seed ${seed}`, async () => {
    const options = { pairs: 500, questions: 500, worlds: 5, webhookEvery: 10 };
    const { figures, counterexamples } = await prove({ ground: ground as Ground, seed, ...options });
    console.log(pageOf(figures));
    expect(counterexamples).toEqual([]);
    const { pairs, webhook, questions } = figures;
    expect([pairs.asked, webhook.asked, questions.asked]).toEqual([500, 50, 500]);
    // Where everything were refused, or allowed, nothing would be compared.
    expect(pairs.agreed.accepted).toBeGreaterThan(25);
    expect(pairs.agreed.refused).toBeGreaterThan(100);
    expect(questions.agreed["yes, by one binding"]).toBeGreaterThan(10);
    expect(questions.agreed["no, with errors"]).toBeGreaterThan(0);
  });
});
