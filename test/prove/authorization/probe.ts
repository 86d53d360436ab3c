import { isProblem, readUserInfo, type UserInfo } from "../../../lib/index.ts";
import type { Person } from "../worlds/cases.ts";
import type { FrontProxy } from "../worlds/front-proxy.ts";

const selfReview = {
  method: "POST",
  path: "/apis/authentication.k8s.io/v1/selfsubjectreviews",
  body: { apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview" },
} as const;

/** What the API server made of a request with `Impersonate-User`. */
export interface Probe {
  /** The username that the request went on under; undefined where impersonation was refused. */
  readonly became: string | undefined;
}

/** A user as the API server sees it, with the groups that it adds. */
export const whoIs = async (as: FrontProxy, person: Person): Promise<UserInfo> => {
  const { status, body } = await as(person, selfReview);
  const userInfo = status === 201 ? readUserInfo(body.status.userInfo) : { problem: JSON.stringify(body) };
  if (isProblem(userInfo)) throw new Error(`${person.name}: ${userInfo.problem}`);
  if (userInfo.username !== person.name) throw new Error(`${person.name} arrived as ${userInfo.username}`);
  return userInfo;
};

const isRefusal = ({
  status,
  body,
}: {
  readonly status: number;
  readonly body: { readonly message?: string };
}): boolean => status === 403 && /cannot impersonate/.test(body.message ?? "");

/** A request as another user, which is allowed whatever rights that user has. */
export const become = async (as: FrontProxy, person: Person, name: string): Promise<Probe> => {
  const answer = await as(person, { ...selfReview, impersonate: name });
  if (answer.status === 201) return { became: answer.body.status.userInfo.username };
  if (isRefusal(answer)) return { became: undefined };
  throw new Error(`${person.name} as ${name}: ${answer.status} ${JSON.stringify(answer.body)}`);
};

/**
 * Whether the verb `impersonate` alone lets them. Constrained impersonation needs a right on the request itself, and no world gives
 * one on this path.
 */
export const mayBecomeForGood = async (as: FrontProxy, person: Person, name: string): Promise<boolean> => {
  const answer = await as(person, { method: "GET", path: "/version", impersonate: name });
  if (answer.status === 200) return true;
  if (answer.status === 403) return false;
  throw new Error(`${person.name} as ${name}: ${answer.status} ${JSON.stringify(answer.body)}`);
};
