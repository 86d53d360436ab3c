import { expect, test } from "vitest";
import type { ApiClient, ApiReply } from "../../../../infra/cluster/api-client.ts";
import { checkAsker, checkAskerExcess } from "../../../../infra/doctor/asker.ts";
import type { Site } from "../../../../infra/doctor/site.ts";

const user = { username: "asker", groups: [], extra: {} };
const created = (status: object): ApiReply => ({ status: 201, body: { status }, warnings: [] });

/** The members of a client that a review of one's own rights needs. */
const clientThat = (rules: ApiReply): ApiClient =>
  ({
    context: "prod",
    send: async ({ path }: { path: string }) =>
      path.endsWith("/selfsubjectreviews") ? created({ userInfo: user }) : rules,
  }) as unknown as ApiClient;

const siteWith = (rules: ApiReply): Site =>
  ({ asker: clientThat(rules), api: clientThat(created({ allowed: false })), namespace: "default" }) as unknown as Site;

test("an authorizer that does not tell everything leaves a doubt", async () => {
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

test("what is too much is listed in short", async () => {
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

test("a review that fails is no clean bill", async () => {
  const refused: ApiReply = { status: 403, body: { message: "no" }, warnings: [] };
  expect(await checkAskerExcess(siteWith(refused))).toMatchObject([
    { status: "warn", message: "the permissions of the function's identity could not be listed: no" },
  ]);
});

test("without its credentials nothing is said of the identity but that", async () => {
  const site = { asker: undefined } as unknown as Site;
  expect(await checkAsker(site)).toMatchObject([{ check: "asker", status: "warn" }]);
  expect(await checkAskerExcess(site)).toEqual([]);
});
