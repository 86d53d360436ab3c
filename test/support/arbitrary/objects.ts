import fc from "fast-check";
import type { JsonObject } from "../../../lib/index.ts";
import { mostly, name, odd } from "./values.ts";

/** Without __proto__, which the library that applies patches refuses by default. */
const key = fc.constantFrom("a", "b", "a/b", "~", "", "constructor", "0");
const runAs = fc.record(
  { runAs: mostly(name, odd), namespace: mostly(fc.constantFrom("team-a", "team-b"), odd) },
  { requiredKeys: [] },
);
const jobs = mostly(
  fc.oneof(fc.array(mostly(runAs, odd), { maxLength: 3 }), fc.dictionary(key, mostly(runAs, odd), { maxKeys: 3 })),
  odd,
);
const clusterAuth = fc.record({ impersonateUser: mostly(name, odd) }, { requiredKeys: [] });
const labels = fc.record(
  { "x/account": name, "x/namespace": fc.constantFrom("team-a", "team-b") },
  { requiredKeys: [] },
);

/** Objects with every field that the arbitrary policies guard; each value is one of these. */
export const objectWith = (data: fc.Arbitrary<unknown>): fc.Arbitrary<JsonObject> => {
  const spec = fc.record(
    { clusterAuth: mostly(clusterAuth, odd), runAs: mostly(name, odd), jobs, data },
    { requiredKeys: [] },
  );
  return fc.record(
    {
      metadata: fc.record({ labels: mostly(labels, odd), name: fc.constant("demo") }, { requiredKeys: [] }),
      spec: mostly(spec, odd),
      status: fc.record(
        { children: fc.constantFrom<unknown>(null, {}, { a: 1 }), runAs: mostly(name, odd) },
        { requiredKeys: [] },
      ),
    },
    { requiredKeys: ["metadata"] },
  );
};
