import { askOf } from "../../functions/cluster/ask.ts";
import { openConnection } from "../../functions/cluster/connection.ts";
import type { UserInfo } from "../../lib/identity/index.ts";
import { isObject, type JsonObject } from "../../lib/meta/json.ts";
import { impersonationQuestion } from "../../lib/question/index.ts";
import { type ApiClient, ClusterError, messageOf } from "../cluster/api-client.ts";
import { type CheckResult, fail, ok, warn } from "./check-result.ts";
import { type ExcessPermission, excessPermissions } from "./excess-permissions.ts";
import { applyCommand, type Site, whoIs } from "./site.ts";

/** A user without permissions of its own: a username that no cluster has. */
const unknownUser: UserInfo = {
  username: "impersonation-admission:unknown-user",
  groups: ["system:authenticated"],
  extra: {},
};

/** Checks that the webhook's identity gets answers. Uses the function's own code to ask. */
export async function checkAsker(site: Site): Promise<readonly CheckResult[]> {
  const { asker } = site;
  if (!asker)
    return [
      warn(
        "asker",
        "the function's identity on this cluster was not checked",
        "give the function's registry with --asker-kubeconfig, and its context with --asker-context",
      ),
    ];
  const ask = askOf(openConnection(asker.kubeconfig, asker.context));
  const [answer] = await ask([impersonationQuestion(unknownUser, unknownUser.username)], Date.now() + 10_000);
  if (answer === undefined || "failure" in answer)
    return [
      fail(
        "asker",
        `the function's questions to this cluster get no answer: ${answer?.failure ?? "the reply is empty"}`,
        `check that the credentials in the registry are valid, and grant their user create on subjectaccessreviews: ${applyCommand(site)} (--asker sets the username)`,
      ),
    ];
  return [ok("asker", `the user of context ${asker.context} may create subjectaccessreviews`)];
}

/** Checks that the webhook's identity has no other permissions, in the namespaces that matter most. */
export async function checkAskerExcess({ asker, api, namespace }: Site): Promise<readonly CheckResult[]> {
  if (!asker) return [];
  const check = "asker-excess";
  try {
    const { username } = await whoIs(asker);
    const found = new Map<string, ExcessPermission>();
    for (const each of new Set(["default", "kube-system", namespace])) {
      const status = await rulesOf(asker, each);
      if (status["incomplete"] === true)
        return [
          warn(
            check,
            `the API server did not list all permissions of ${username}: ${status["evaluationError"] ?? "an authorizer cannot list them"}`,
            "check the permissions of this user in the authorizers of this cluster other than RBAC",
          ),
        ];
      for (const excess of excessPermissions(status)) found.set(excess.text, excess);
    }
    return [excessResult(username, await splitByOwner(api, [...found.values()]))];
  } catch (error) {
    if (!(error instanceof ClusterError)) throw error;
    return [
      warn(
        check,
        `the permissions of the function's identity could not be listed: ${error.message}`,
        "list them with kubectl auth can-i --list --as USERNAME",
      ),
    ];
  }
}

interface SplitExcess {
  readonly own: readonly ExcessPermission[];
  readonly shared: readonly ExcessPermission[];
}

/** Separates the identity's own excess permissions from those that every authenticated user has. */
const splitByOwner = async (api: ApiClient, excesses: readonly ExcessPermission[]): Promise<SplitExcess> => {
  const own: ExcessPermission[] = [];
  const shared: ExcessPermission[] = [];
  for (const excess of excesses) (await isShared(api, excess)) ? shared.push(excess) : own.push(excess);
  return { own, shared };
};

const isShared = async (api: ApiClient, { attributes }: ExcessPermission): Promise<boolean> => {
  if (!attributes) return false;
  const apiVersion = "authorization.k8s.io/v1";
  const { status, body } = await api.send({
    path: `/apis/${apiVersion}/subjectaccessreviews`,
    body: {
      apiVersion,
      kind: "SubjectAccessReview",
      spec: { user: unknownUser.username, groups: unknownUser.groups, resourceAttributes: attributes },
    },
  });
  return status === 201 && isObject(body["status"]) && body["status"]["allowed"] === true;
};

const excessResult = (username: string, { own, shared }: SplitExcess): CheckResult => {
  const check = "asker-excess";
  const fix = `remove these permissions from ${username}; it needs only create on subjectaccessreviews`;
  const listed = (excesses: readonly ExcessPermission[]): string => {
    const shown = excesses.slice(0, 5).map(({ text }) => text);
    return shown.join(", ") + (excesses.length > shown.length ? ` and ${excesses.length - shown.length} more` : "");
  };
  if (own.some(({ severe }) => severe))
    return fail(check, `${username} has permissions that the function must not have: ${listed(own)}`, fix);
  if (own.length > 0)
    return warn(check, `${username} has read permissions that the function does not need: ${listed(own)}`, fix);
  if (shared.length > 0)
    return warn(
      check,
      `${username} has only the permissions of every authenticated user, which on this cluster include ${listed(shared)}`,
      "check whether every authenticated user needs them: look for bindings to the group system:authenticated",
    );
  return ok(check, `${username} has no other permissions`);
};

const rulesOf = async (asker: ApiClient, namespace: string): Promise<JsonObject> => {
  const apiVersion = "authorization.k8s.io/v1";
  const reply = await asker.send({
    path: `/apis/${apiVersion}/selfsubjectrulesreviews`,
    body: { apiVersion, kind: "SelfSubjectRulesReview", spec: { namespace } },
  });
  const { status } = reply.body;
  if (reply.status !== 201 || !isObject(status)) throw new ClusterError(messageOf(reply));
  return status;
};
