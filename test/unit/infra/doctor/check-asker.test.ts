import { expect, test } from "vitest";
import type { ApiClient, ApiReply } from "../../../../infra/cluster/api-client.ts";
import { checkAsker, checkAskerExcess } from "../../../../infra/doctor/check-asker.ts";
import type { Site } from "../../../../infra/doctor/site.ts";

const user = { username: "asker", groups: [], extra: {} };
const created = (status: object): ApiReply => ({ status: 201, body: { status }, warnings: [] });

/** A client with the members that a review of its own permissions needs. */
const clientWith = (rules: ApiReply): ApiClient =>
  ({
    context: "prod",
    send: async ({ path }: { path: string }) =>
      path.endsWith("/selfsubjectreviews") ? created({ userInfo: user }) : rules,
  }) as unknown as ApiClient;

const siteWith = (rules: ApiReply): Site =>
  ({ asker: clientWith(rules), api: clientWith(created({ allowed: false })), namespace: "default" }) as unknown as Site;

test("an authorizer that cannot list all permissions gives a warning", async () => {
  const evaluationError = "webhook authorizer does not support user rules resolution";
  const site = siteWith(created({ incomplete: true, evaluationError, resourceRules: [], nonResourceRules: [] }));
  expect(await checkAskerExcess(site)).toEqual([
    {
      check: "asker-excess",
      status: "warn",
      message: `the API server did not list all permissions of asker: ${evaluationError}`,
      fix: "check the permissions of this user in the authorizers of this cluster other than RBAC",
    },
  ]);
});

test("a long list of excess permissions is shortened", async () => {
  const resources = Array.from({ length: 9 }, (_, index) => `thing${index}`);
  const rule = { verbs: ["delete"], apiGroups: [""], resources };
  expect(await checkAskerExcess(siteWith(created({ incomplete: false, resourceRules: [rule] })))).toMatchObject([
    {
      status: "fail",
      message:
        "asker has permissions that the function must not have: delete thing0, delete thing1, delete thing2, delete thing3, delete thing4 and 4 more",
    },
  ]);
});

test("a review that fails gives a warning", async () => {
  const refused: ApiReply = { status: 403, body: { message: "no" }, warnings: [] };
  expect(await checkAskerExcess(siteWith(refused))).toMatchObject([
    { status: "warn", message: "the permissions of the function's identity could not be listed: no" },
  ]);
});

test("without --asker-kubeconfig the only result is a warning", async () => {
  const site = { asker: undefined } as unknown as Site;
  expect(await checkAsker(site)).toMatchObject([{ check: "asker", status: "warn" }]);
  expect(await checkAskerExcess(site)).toEqual([]);
});
