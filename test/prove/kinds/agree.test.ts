import { randomInt } from "node:crypto";
import { expect, test } from "vitest";
import { versions } from "../versions.ts";
import { startKindsGround } from "./ground.ts";
import { kindsPolicy, presetsPolicy } from "./policies.ts";
import { pageOfKinds, proveKinds } from "./prove.ts";

const seed = Number(process.env["PROVE_SEED"] ?? randomInt(1_000_000_000));

const policies = { "every kind of field": kindsPolicy, "every preset": presetsPolicy };
const rows = versions.flatMap((version) =>
  Object.entries(policies).map(([what, policy]) => ({ version, what, policy })),
);

test.each(rows)(
  "Kubernetes $version, $what: the function and the admission policies agree",
  async ({ version, what, policy }) => {
    const ground = await startKindsGround({ policy, version, seed });
    try {
      const { figures, counterexamples } = await proveKinds({ ground, seed, writes: 600, worlds: 5 });
      console.log(pageOfKinds(figures));
      const found = counterexamples.map(({ asked: { requester, write }, disagreement }) =>
        JSON.stringify({ requester, write, disagreement }),
      );
      expect(found.slice(0, 3)).toEqual([]);
      // Where everything were refused, or allowed, nothing would be compared.
      const sum = (of: "kept" | "refused" | "set") =>
        Object.values(figures.resources).reduce((all, row) => all + row[of], 0);
      expect(sum("kept")).toBeGreaterThan(60);
      expect(sum("refused")).toBeGreaterThan(60);
      if (what === "every kind of field" && figures.sets) expect(sum("set")).toBeGreaterThan(8);
      if (!figures.sets) expect(sum("set")).toBe(0);
    } finally {
      await ground.stop();
    }
  },
  240_000,
);
