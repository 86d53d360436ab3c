import { randomInt } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { versions } from "../versions.ts";
import { type RequestInfoGround, startRequestInfoGround } from "./ground.ts";
import { proveRequestInfo } from "./prove.ts";

const seed = Number(process.env["PROVE_SEED"] ?? randomInt(1_000_000_000));
const requests = 1_000;

describe.for(versions)("Kubernetes %s", (version) => {
  let ground: RequestInfoGround;
  beforeAll(async () => {
    ground = await startRequestInfoGround(version);
  });
  afterAll(() => ground?.stop());

  test(`the API server and the library read the same in a request line, seed ${seed}`, async () => {
    const { figures, counterexamples } = await proveRequestInfo({ ground, seed, requests });
    console.log(JSON.stringify(figures));
    expect(counterexamples).toEqual([]);
    expect(figures.asked).toBe(requests);
    expect(figures.agreed["a resource"]).toBeGreaterThan(500);
    expect(figures.agreed["a path"]).toBeGreaterThan(100);
    expect(figures.agreed["neither reads it"]).toBeGreaterThan(10);
    expect(figures.questions).toBeGreaterThan(700);
  });
});
