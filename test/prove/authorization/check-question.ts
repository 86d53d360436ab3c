import type { ResourceQuestion } from "../../../lib/index.ts";
import type { authorize, World } from "../../../lib/rbac/index.ts";

export type Authorize = typeof authorize;

/** How much of an answer could be compared. */
export type Compared =
  | "nobody"
  | "no"
  | "no, with errors"
  | "yes, by one binding"
  | "yes, by several"
  | "yes, without a reason";

export interface QuestionResult {
  readonly compared: Compared;
  readonly disagreement?: string;
}

interface Review {
  readonly allowed: boolean;
  readonly denied?: boolean;
  readonly reason?: string;
  readonly evaluationError?: string;
}

/** Every reason that a yes can have: which of several bindings is met first, only the API server's lists know. */
const reasonsFor = (authorizes: Authorize, world: World, question: ResourceQuestion): ReadonlySet<string> => {
  const alone = [
    ...world.clusterRoleBindings.map((binding) => ({ ...world, clusterRoleBindings: [binding], roleBindings: [] })),
    ...world.roleBindings.map((binding) => ({ ...world, clusterRoleBindings: [], roleBindings: [binding] })),
  ];
  const answers = alone.map((each) => authorizes(each, question));
  return new Set(answers.flatMap((answer) => ("allowed" in answer && answer.allowed ? [answer.reason] : [])));
};

/** The errors of a no, in whatever order they were met. */
const errorsIn = (reason: string): string =>
  reason
    .replace(/^RBAC: \[?|\]$/g, "")
    .split(/, (?=(?:cluster)?role\.rbac)/)
    .sort()
    .join("\n");

/**
 * Compares the library's answer from manifests with an API server's: the allowed, and the reason in its own words.
 *
 * @param authorizer how the API server names the authorizer before the reason of a no: `rbac: ` since 1.37, nothing earlier
 */
export const checkQuestion = (
  authorizes: Authorize,
  world: World,
  question: ResourceQuestion,
  { status, body }: { readonly status: number; readonly body: unknown },
  authorizer: string,
): QuestionResult => {
  const ours = authorizes(world, question);
  const differ = (compared: Compared): QuestionResult => ({
    compared,
    disagreement: `the API server answers ${status} ${JSON.stringify((body as { status?: unknown }).status)}; the library ${JSON.stringify(ours)}`,
  });
  if (status === 422) return "code" in ours ? { compared: "nobody" } : differ("nobody");
  if (status !== 201) throw new Error(`SubjectAccessReview: ${status} ${JSON.stringify(body)}`);
  const { allowed, denied, reason = "", evaluationError } = (body as { readonly status: Review }).status;
  if (denied || evaluationError) throw new Error(`RBAC does not answer like this: ${JSON.stringify(body)}`);
  if ("code" in ours || ours.allowed !== allowed) return differ(allowed ? "yes, by several" : "no");
  if (!allowed) {
    const compared = reason === "" ? "no" : "no, with errors";
    const isNamed = ours.reason === "" ? reason === "" : reason.startsWith(`${authorizer}RBAC: `);
    return isNamed && errorsIn(reason.slice(authorizer.length)) === errorsIn(ours.reason)
      ? { compared }
      : differ(compared);
  }
  if (reason === "")
    return ours.reason === "" ? { compared: "yes, without a reason" } : differ("yes, without a reason");
  const reasons = reasonsFor(authorizes, world, question);
  const compared = reasons.size > 1 ? "yes, by several" : "yes, by one binding";
  return reasons.has(reason) && reasons.has(ours.reason) ? { compared } : differ(compared);
};
