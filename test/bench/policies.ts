import { cp, mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Context } from "aws-lambda";
import { loadBundle } from "../../infra/build/load-bundle.ts";
import type { JsonObject } from "../../lib/meta/index.ts";
import { readPolicy } from "../../lib/policy/index.ts";
import { presets } from "../../lib/presets/index.ts";
import { callerKey, eventOf, permittedReview, selfReview } from "./events.ts";
import { compared, type Figures, quantile, type Row, rounded } from "./figures.ts";
import { measureLoads } from "./measure-loads.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

const small = { name: "razee", targets: [{ preset: "razee" }] };
/** Every preset. The target that the reviews need comes last. */
const large = {
  name: "razee",
  targets: [...Object.keys(presets).filter((preset) => preset !== "razee"), "razee"].map((preset) => ({ preset })),
};

/** The compared policies. The first two are the same: their ratio is the noise. */
const compare: readonly (readonly [name: string, policy: JsonObject])[] = [
  ["one preset", small],
  ["one preset, again", small],
  [`${Object.keys(presets).length} presets, ${readPolicy(large).targets.length} targets`, large],
];

const reviews = { "nothing to ask": selfReview, "one question": permittedReview };

const context = { getRemainingTimeInMillis: () => 30_000 } as Context;

/** Calls of one function in its turn, and the uncounted ones before them. */
const [inTurn, warmUp] = [50, 10];

/** Milliseconds with one policy. */
interface Timed {
  readonly name: string;
  readonly times: number[];
}

interface Lap extends Timed {
  readonly call: () => Promise<unknown>;
}

/** The same review by each policy, answered by the whole function. Questions are answered at once. */
const lapsOf = async (review: string): Promise<readonly Lap[]> => {
  const { createHandler, hashOfKey } = await loadBundle();
  const event = eventOf(review);
  return compare.map(([name, policy]) => {
    const ask = async () => [{ allowed: true, reason: "" }];
    const demo = { name: "demo", keys: [hashOfKey(callerKey)], policy: readPolicy(policy), ask };
    const handler = createHandler({ registry: { clusters: new Map([["demo", demo]]), problems: [] }, log: () => {} });
    const call = async () => {
      const { body } = (await handler(event, context)) as { readonly body: string };
      if (!body.includes('"allowed":true')) throw new Error(`${name}: ${body}`);
    };
    return { name, call, times: [] };
  });
};

const run = async (laps: readonly Lap[], rounds: number): Promise<void> => {
  for (let turn = -10; turn * inTurn < rounds; turn++)
    for (const { call, times } of turn % 2 ? laps : laps.toReversed())
      for (let nth = -warmUp; nth < inTurn; nth++) {
        const since = performance.now();
        await call();
        if (nth >= 0 && turn >= 0) times.push(performance.now() - since);
      }
};

/** The webhook's bundle, built from a copy of the sources that has this policy and no other. */
const buildWith = async (policy: JsonObject, folder: string): Promise<string> => {
  for (const part of ["functions", "infra", "lib", "package.json", "tsconfig.json"])
    await cp(join(root, part), join(folder, part), { recursive: true });
  await symlink(join(root, "node_modules"), join(folder, "node_modules"));
  const policies = join(folder, "functions/policies");
  for (const file of await readdir(policies)) if (/\.(json|yaml)$/.test(file)) await rm(join(policies, file));
  await writeFile(join(policies, "razee.json"), JSON.stringify(policy));
  const copied: typeof import("../../infra/build/build-functions.ts") = await import(
    join(folder, "infra/build/build-functions.ts")
  );
  await copied.buildFunctions();
  return join(folder, "dist/admission.js");
};

/** Milliseconds of the CPU until new processes have loaded the function with each policy built in. */
const loads = async (rounds: number): Promise<readonly Timed[]> => {
  const folder = await mkdtemp(join(tmpdir(), "bench-policies-"));
  try {
    const files: string[] = [];
    for (const [index, [, policy]] of compare.entries())
      files.push(await buildWith(policy, join(folder, String(index))));
    const measured = measureLoads(files, rounds);
    return compare.map(([name], index) => {
      const all = measured.get(files[index] ?? "") ?? [];
      return { name, times: all.map(([cpu]) => cpu) };
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

const rowsOf = (what: string, laps: readonly Timed[], goal: number): readonly Row[] => {
  const rows = laps.map(({ name, times }): Row => {
    const values = { "p50 ms": rounded(quantile(times, 0.5)), "p99 ms": rounded(quantile(times, 0.99)) };
    return { variant: `${what}: ${name}`, values };
  });
  const [base, again, more] = rows as [Row, Row, Row];
  return [base, compared(again, base, "p50 ms", { peer: true }), compared(more, base, "p50 ms", { goal })];
};

/** Reviews of one resource by a policy of one preset and by a policy of all. */
export const policySizes = async (rounds: number): Promise<Figures> => {
  const rows: Row[] = [];
  for (const [what, review] of Object.entries(reviews)) {
    const laps = await lapsOf(review);
    await run(laps, rounds * 100);
    rows.push(...rowsOf(what, laps, 1.05));
  }
  rows.push(...rowsOf("loading", await loads(rounds), 1.1));
  return {
    name: "policies",
    title: "whole function, by the size of the policy",
    against: "the same with a policy of one preset",
    how: `${rounds * 100} reviews by each policy, ${inTurn} in turn, in one process, and ${rounds} new processes that load the bundle, in turns, whose milliseconds are the CPU's; questions are answered at once. Ratios are of p50 ms; "again" shows the noise.`,
    rows,
  };
};
