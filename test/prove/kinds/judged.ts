import fastJsonPatch from "fast-json-patch";
import {
  type AdmissionRequest,
  type Answer,
  conclude,
  concludeFields,
  type JsonObject,
  judge,
  type Outcome,
  type Policy,
  type ResourceQuestion,
} from "../../../lib/index.ts";
import type { KindsCase } from "./case.ts";

/** What the function answers: its final object, or a refusal. */
export type Judged =
  | {
      readonly allowed: true;
      readonly object: JsonObject;
      /** The places that mutate sets. */
      readonly patched: readonly string[];
      readonly questions: number;
    }
  | {
      readonly allowed: false;
      /** The codes of all refused fields. */
      readonly codes: readonly number[];
      readonly reasons: readonly string[];
      readonly message: string;
      readonly questions: number;
    };

/** Answers questions by the API server's own SubjectAccessReviews. */
export type Answerer = (questions: readonly ResourceQuestion[]) => Promise<readonly Answer[]>;

/**
 * Judges a case as the function does: by mutate, and then by validate with the final object.
 *
 * @param sets whether mutate is called, as where the admission policies can set a field
 */
export const judgedByFunction = async (
  policy: Policy,
  one: KindsCase,
  answer: Answerer,
  sets: boolean,
): Promise<Judged> => {
  const { write, requester } = one;
  const requestFor = (object: JsonObject): AdmissionRequest => ({
    operation: write.sort === "create" ? "CREATE" : "UPDATE",
    resource: write.resource,
    kind: { group: write.resource.group, kind: "" },
    subResource: write.sort === "status" ? "status" : "",
    namespace: write.namespace,
    requester: { username: requester.name, groups: requester.groups, extra: requester.extra },
    object,
    oldObject: write.before ?? null,
    exact: () => ({ object, oldObject: write.before ?? null }),
  });
  let asked = 0;
  const outcomeOf = async (
    object: JsonObject,
    endpoint: "mutate" | "validate",
  ): Promise<[Outcome, Judged | undefined]> => {
    const judgement = judge(policy, requestFor(object), endpoint);
    const answers = await answer(judgement.questions);
    asked = Math.max(asked, judgement.questions.length);
    const outcome = conclude(judgement, answers);
    if (outcome.decision !== "denied") return [outcome, undefined];
    const refused = concludeFields(judgement, answers).flatMap((verdict) =>
      verdict.decision === "denied" ? [verdict] : [],
    );
    const codes = [...new Set(refused.map(({ code }) => code))];
    const reasons = [...new Set(refused.map(({ reason }) => reason))];
    return [outcome, { allowed: false, codes, reasons, message: outcome.message, questions: asked }];
  };
  // The status is not final before validate, and a subresource is never patched.
  const object = write.after;
  const [mutated, refused] = sets && write.sort !== "status" ? await outcomeOf(object, "mutate") : [];
  if (refused && !refused.allowed) {
    // The admission policies refuse for the status at the same time, which mutate does not read.
    const [, final] = await outcomeOf(object, "validate");
    const codes = final && !final.allowed ? final.codes : [];
    return { ...refused, codes: [...new Set([...refused.codes, ...codes])] };
  }
  const patch = mutated?.patch ?? [];
  const final = fastJsonPatch.applyPatch(structuredClone(object), structuredClone(patch) as never)
    .newDocument as JsonObject;
  const [, refusal] = await outcomeOf(final, "validate");
  return refusal ?? { allowed: true, object: final, patched: patch.map(({ path }) => path), questions: asked };
};
