import { expect, test } from "vitest";
import { checkProxyActor } from "../../../../infra/doctor/check-proxy-actor.ts";
import type { ProxySite } from "../../../../infra/doctor/proxy-site.ts";

/** A connection whose user is `actor`, as far as this check asks. */
const siteWith = (statusOfRules: object): ProxySite => {
  const send = async ({ path }: { readonly path: string }) => ({
    status: 201,
    headers: {},
    text: JSON.stringify({
      status: path.endsWith("/selfsubjectreviews") ? { userInfo: { username: "actor" } } : statusOfRules,
    }),
  });
  return { acting: { label: "context prod", send } } as unknown as ProxySite;
};

test("an authorizer that does not tell all gives a warning", async () => {
  expect(await checkProxyActor(siteWith({ incomplete: true }))).toEqual([
    {
      check: "proxy-actor",
      status: "warn",
      message: 'what "actor" may do is not known in full, because an authorizer besides RBAC does not tell',
      fix: expect.stringContaining("check its rights in the other authorizers of this cluster"),
    },
  ]);
});

test("what is known to be too much fails, also where not all is known", async () => {
  let calls = 0;
  const { acting } = siteWith({});
  const send: NonNullable<typeof acting>["send"] = async (request) => {
    if (!request.path.endsWith("/selfsubjectrulesreviews")) return (acting as NonNullable<typeof acting>).send(request);
    const isOwn = request.headers?.["Impersonate-User"] === undefined;
    calls += 1;
    const resourceRules = isOwn ? [{ verbs: ["get"], apiGroups: [""], resources: ["secrets"] }] : [];
    return { status: 201, headers: {}, text: JSON.stringify({ status: { incomplete: true, resourceRules } }) };
  };
  const site = { acting: { ...acting, send } } as unknown as ProxySite;
  expect(await checkProxyActor(site)).toMatchObject([
    { status: "fail", message: '"actor" may do more than impersonate: get secrets' },
  ]);
  expect(calls).toBe(4);
});
