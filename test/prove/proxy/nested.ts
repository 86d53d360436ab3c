import { authenticatedGroups } from "../../../lib/identity/implied-groups.ts";
import { readUserInfo, type UserInfo } from "../../../lib/identity/index.ts";
import { isProblem } from "../../../lib/meta/json.ts";
import { statusObject } from "../../../lib/meta/status.ts";
import * as lib from "../../../lib/proxy/index.ts";
import { type Answer, type Question, readAnswer } from "../../../lib/question/index.ts";
import type { Caller } from "../../cluster/harness/caller.ts";
import { type Reply, refusalReply, replyOf } from "./compare.ts";
import type { ProxyGround } from "./ground.ts";
import type { RandomRequest } from "./requests.ts";

/** The decision under test, or one that is wrong on purpose. */
export type ProxyLibrary = Pick<typeof lib, "readRequestInfo" | "judgeRequest" | "concludeRequest" | "outgoingLines">;

const review = async ({ direct, asker }: ProxyGround, resource: string, spec: object): Promise<unknown> => {
  const [group, kind] =
    resource === "tokenreviews"
      ? ["authentication.k8s.io", "TokenReview"]
      : ["authorization.k8s.io", "SubjectAccessReview"];
  const { status, body } = await direct({
    http: 2,
    method: "POST",
    target: `/apis/${group}/v1/${resource}?fieldValidation=Strict`,
    lines: [
      ["Authorization", `Bearer ${asker.token}`],
      ["Content-Type", "application/json"],
    ],
    body: JSON.stringify({ apiVersion: `${group}/v1`, kind, spec }),
  });
  if (status !== 201) throw new Error(`${kind}: ${status} ${body}`);
  return JSON.parse(body.toString());
};

/** A caller, as a TokenReview says. */
export const identified = async (ground: ProxyGround, { token }: Caller): Promise<UserInfo> => {
  const { status } = (await review(ground, "tokenreviews", { token })) as {
    readonly status: { readonly user: unknown };
  };
  const user = readUserInfo(status.user);
  if (isProblem(user)) throw new Error(user.problem);
  return { ...user, groups: authenticatedGroups(user) };
};

/** A request as a proxy with this decision makes it: asked about, concluded, sent on by the acting account. */
export const throughDecision = async (
  ground: ProxyGround,
  { readRequestInfo, judgeRequest, concludeRequest, outgoingLines }: ProxyLibrary,
  user: UserInfo,
  request: RandomRequest,
): Promise<Reply> => {
  const { method, target, lines, body, cutAfter } = request;
  const info = readRequestInfo(method, target);
  if (isProblem(info)) throw new Error(`${method} ${target}: ${info.problem}`);
  const timeout = lib.isLongRunning(info) ? 0 : lib.requestTimeout(target, 60_000);
  if (isProblem(timeout)) return refusalReply(method, statusObject(400, timeout.problem));
  const judgement = judgeRequest({ info, lines, caller: { user, credential: "token" } });
  const answerTo = async (question: Question): Promise<Answer> =>
    readAnswer(await review(ground, "subjectaccessreviews", question));
  const outcome = concludeRequest(judgement, await Promise.all(judgement.questions.map(answerTo)), {
    uid: "impersonate",
  });
  if ("refusal" in outcome) return refusalReply(method, outcome.refusal);
  if (outcome.credential !== "actor") throw new Error(`the credential is ${outcome.credential}`);
  const acting = outgoingLines(lines, { acting: outcome.lines, peer: "127.0.0.1" });
  const authorization = ["Authorization", `Bearer ${ground.actor.token}`] as const;
  return replyOf(await ground.direct({ http: 2, method, target, lines: [...acting, authorization], body, cutAfter }));
};
