import { expect, test } from "vitest";
import { admissionPolicies } from "../../../lib/manifests/index.ts";
import type { Policy } from "../../../lib/policy/index.ts";
import { startTwinsGround } from "./ground.ts";
import { proveTwins } from "./prove.ts";

// Wrong on purpose: what compares must find that out, and show why in a small world.

const proven = async (wrong: typeof admissionPolicies, shrinkWithin: number) => {
  const ground = await startTwinsGround({ twins: wrong });
  try {
    return await proveTwins({ ground, seed: 3, objects: 300, worlds: 1, shrinkWithin });
  } finally {
    await ground.stop();
  }
};

/** Takes the privileged values for the names of users: rule `privileged`, broken. */
const withoutPrivileged = (policy: Policy) =>
  admissionPolicies({
    ...policy,
    targets: policy.targets.map((target) => ({
      ...target,
      fields: target.fields.map((field) => ({ ...field, privileged: {} })),
    })),
  });

/** Lets a user who may impersonate the user of that name declare a privileged value, whatever account it stands for. */
const withoutStandIn = (policy: Policy): ReturnType<typeof admissionPolicies> => {
  const text = JSON.stringify(admissionPolicies(policy));
  const broken = text.replaceAll(/ \+ '\\\\nusername\\\\t' \+ \{[^}]*\}\[t\] \+ '\\\\n'/g, "");
  if (broken === text) throw new Error("the expressions do not ask about the account");
  return JSON.parse(broken);
};

test("twins that know no privileged values are found out", async () => {
  const { figures, counterexamples } = await proven(withoutPrivileged, 0);
  expect(figures.writes.create.disagreed).toBeGreaterThan(0);
  const [{ asked, disagreement } = expect.fail("none")] = counterexamples;
  const { requester, write } = asked;
  expect([requester.name, JSON.stringify(write.spec)].join()).toMatch(/razeedeploy|false/);
  expect(disagreement).toMatch(/^by the function .*; by the twins .*; by both /);
});

test("admission policies that do not ask about the account of a privileged value are found", async () => {
  const { figures, counterexamples } = await proven(withoutStandIn, 300_000);
  expect(figures.writes.create.disagreed).toBeGreaterThan(0);
  const [{ manifests, asked, disagreement } = expect.fail("none")] = counterexamples;
  expect(asked.write.spec).toHaveProperty(
    "clusterAuth.impersonateUser",
    expect.stringMatching(/^(razeedeploy|false)$/),
  );
  expect(disagreement).toMatch(/by the twins \{/);
  // One role and one binding.
  expect(manifests.length).toBe(2);
});
