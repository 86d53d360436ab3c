import { randomInt } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { minorOf } from "../../cluster/harness/minor-of.ts";
import { versions } from "../versions.ts";
import { type ProxyGround, requestsInWorld, startProxyGround } from "./ground.ts";
import { proveNested, proveThrough } from "./prove.ts";

const seed = Number(process.env["PROVE_SEED"] ?? randomInt(1_000_000_000));
const requests = 1_000;

describe.for(versions)("Kubernetes %s", (version) => {
  let ground: ProxyGround;
  beforeAll(async () => {
    ground = await startProxyGround({ version, worlds: requests / requestsInWorld });
  });
  afterAll(() => ground?.stop());

  test(`nested impersonation ends as in the API server, seed ${seed}`, async () => {
    const { figures, counterexamples } = await proveNested({ ground, seed, requests });
    console.log(JSON.stringify(figures));
    expect(counterexamples).toEqual([]);
    expect(figures.asked).toBe(requests);
    // Where everything were refused, or allowed, nothing would be compared.
    expect(figures.same.succeeded).toBeGreaterThan(100);
    expect(figures.same.refused).toBeGreaterThan(minorOf(version) >= 36 ? 100 : 300);
  });

  test(`a request through the proxy ends as without it, seed ${seed}`, async () => {
    const { figures, counterexamples } = await proveThrough({ ground, seed, requests });
    console.log(JSON.stringify(figures));
    expect(counterexamples).toEqual([]);
    expect(figures.asked).toBe(requests);
    expect(figures.same.succeeded).toBeGreaterThan(100);
    expect(figures.same.refused).toBeGreaterThan(200);
    expect(figures.same.otherwise).toBeGreaterThan(50);
    expect(figures.audited).toBeGreaterThan(200);
  });
});
