import { expect, test } from "vitest";
import { type AdmissionPolicyObject, admissionPolicies } from "../../../lib/manifests/index.ts";
import type { Policy } from "../../../lib/policy/index.ts";
import type { Field, Target } from "../../../lib/policy/policy.ts";
import { startKindsGround } from "./ground.ts";
import { kindsPolicy } from "./policies.ts";
import { proveKinds } from "./prove.ts";

type Mistake = { readonly fields: (field: Field) => object } | { readonly text: RegExp; readonly becomes: string };

// Each of these admission policies is wrong on purpose, in one way. The comparison must find each of them, and no other.
const mistakes: Readonly<Record<string, Mistake>> = {
  // A condition is not read.
  fluxes: { fields: () => ({ whenSet: [] }) },
  // The namespace beside a name is not read.
  secretstores: { text: /has\(object\.spec\.provider\.vault\.serviceAccountRef\.namespace\)/g, becomes: "false" },
  // A name without a namespace of its own is taken for one of the object's namespace.
  appprojects: {
    fields: ({ serviceAccount: form }) =>
      typeof form === "object" && form.required ? { serviceAccount: { namespaceKey: "namespace", colon: true } } : {},
  },
  // A list of groups is not walked.
  teams: { text: /: object\.spec\.groups\)\.map\(g, /g, becomes: ": [dyn('')]).map(g, " },
  // An item of a list is passed by if it has this member alone.
  crews: { text: / \|\| has\(x2\.user\)/g, becomes: "" },
  // Only the first question is asked.
  workflows: { text: /"expression":"variables\.may[1-9]\d*"/g, becomes: '"expression":"true"' },
  // A value that is not read is taken for another identity.
  logins: { fields: () => ({ standsFor: "prove-other" }) },
  // An empty field is taken for one that needs no permission.
  bundles: { fields: () => ({ onEmpty: "allow" }) },
  // A service account is asked about as a user.
  pipelineruns: {
    text: /resource\('serviceaccounts'\)\.namespace\(p\[1\]\.split\(':'\)\[2\]\)\.name\(p\[1\]\.split\(':'\)\[3\]\)/g,
    becomes: "resource('users').name(p[1])",
  },
  // A privileged value is asked about by its own name alone.
  people: { text: / \+ \(variables\.isWriter \? '' : [^?]*\[t\] \+ '\\\\n'\)/g, becomes: "" },
};

const mistakeOf = ({ resources }: Target): Mistake | undefined => mistakes[resources[0] ?? ""];

const wrongPolicies = (policy: Policy): readonly AdmissionPolicyObject[] => {
  const targets = policy.targets.map((target) => {
    const mistake = mistakeOf(target);
    return mistake && "fields" in mistake
      ? { ...target, fields: target.fields.map((field) => ({ ...field, ...mistake.fields(field) })) }
      : target;
  });
  return admissionPolicies({ ...policy, targets }).map((object) => {
    const text = JSON.stringify(object);
    const target = policy.targets.find(({ resources }) => text.includes(`"resources":["${resources[0]}"`));
    const mistake = target && mistakeOf(target);
    if (!mistake || "fields" in mistake || object.kind.endsWith("Binding")) return object;
    const broken = text.replaceAll(mistake.text, mistake.becomes);
    if (broken === text) throw new Error(`${object.metadata.name} has no ${mistake.text}`);
    return JSON.parse(broken);
  });
};

test("the comparison finds each admission policy that is wrong, and no other", async () => {
  const ground = await startKindsGround({ policy: kindsPolicy, seed: 4, twins: wrongPolicies });
  try {
    const { counterexamples } = await proveKinds({ ground, seed: 4, writes: 5_000, worlds: 5 });
    const found = counterexamples.map(({ asked }) => asked.target.resources[0] ?? "");
    expect([...new Set(found)].sort()).toEqual(Object.keys(mistakes).sort());
  } finally {
    await ground.stop();
  }
});
