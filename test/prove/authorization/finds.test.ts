import { afterAll, beforeAll, expect, test } from "vitest";
import { authorize, type World } from "../../../lib/rbac/index.ts";
import { type Ground, startGround } from "../worlds/ground.ts";
import type { Authorize } from "./check-question.ts";
import { prove } from "./prove.ts";
import { type Keeps, keeps } from "./rule.ts";

// Wrong on purpose: what compares must find that out, and show why in a small world.

let ground: Ground | undefined;
beforeAll(async () => {
  ground = await startGround({ webhook: false });
});
afterAll(() => ground?.stop());

const proven = (wrong: { readonly keeps?: Keeps; readonly authorize?: Authorize }) =>
  prove({
    ground: ground as Ground,
    seed: 7,
    pairs: 150,
    questions: 150,
    worlds: 1,
    webhookEvery: 0,
    shrinkWithin: 400_000,
    ...wrong,
  });

/** Asks for every service account as a user: rule `question`, broken. */
const asksUsers: Keeps = (requester, declared, ask) =>
  keeps(requester, declared, ({ resourceAttributes: { namespace = "", ...attributes }, ...question }) =>
    ask({
      ...question,
      resourceAttributes:
        attributes.resource === "serviceaccounts"
          ? { ...attributes, resource: "users", name: `system:serviceaccount:${namespace}:${attributes.name}` }
          : attributes,
    }),
  );

const withoutNames = (roles: World["roles"]): World["roles"] =>
  new Map([...roles].map(([name, rules]) => [name, rules.map((rule) => ({ ...rule, resourceNames: [] }))]));

const ignoresNames: Authorize = (world, question) =>
  authorize({ ...world, roles: withoutNames(world.roles), clusterRoles: withoutNames(world.clusterRoles) }, question);

test("a rule that asks for service accounts as users is found out", async () => {
  const { figures, counterexamples } = await proven({ keeps: asksUsers });
  expect(figures.pairs.disagreed).toBeGreaterThan(0);
  expect(figures.questions.disagreed).toBe(0);
  const [{ sort, manifests, asked, disagreement } = expect.fail("none")] = counterexamples;
  expect(sort).toBe("pair");
  expect(asked).toHaveProperty("declared", expect.stringMatching(/^system:serviceaccount:/));
  expect(disagreement).toMatch(/^the API server (accepts|refuses) it; the rule says/);
  // One role and one binding at most.
  expect(manifests.length).toBeLessThanOrEqual(2);
});

test("an authorizer that overlooks resource names is found out", async () => {
  const { figures, counterexamples } = await proven({ authorize: ignoresNames });
  expect(figures.pairs.disagreed).toBe(0);
  expect(figures.questions.disagreed).toBeGreaterThan(0);
  const [{ sort, manifests, disagreement } = expect.fail("none")] = counterexamples;
  expect(sort).toBe("question");
  expect(disagreement).toMatch(/"allowed":false.*the library .*"allowed":true/);
  expect(manifests.length).toBe(2);
});
