import { isDeepStrictEqual } from "node:util";
import fastJsonPatch, { type Operation } from "fast-json-patch";
import { expect } from "vitest";
import {
  type AdmissionResponse,
  type Answer,
  conclude,
  type Endpoint,
  formatQuestion,
  isProblem,
  judge,
  type Outcome,
  type PatchOperation,
  type ResourceQuestion,
  readPolicy,
  readReview,
  writeReview,
} from "../../../../lib/index.ts";
import { assertSound } from "../../../support/sound.ts";

// Helpers for rows, and the whole path from the text of a review to the answer.

export type Json = Readonly<Record<string, unknown>>;

/** An authorizer's answer to a question: yes, no, a failure, or none. */
export type Said = "yes" | "no" | "nothing" | { readonly code: 502 | 503 | 504; readonly failure: string };

export interface Given {
  /** Members of the policy, whose target is the Razee preset by default. */
  readonly policy?: Json;
  readonly endpoint?: Endpoint;
  readonly operation?: string;
  /** `<plural>.<version>.<group>` */
  readonly resource?: string;
  readonly subResource?: string;
  readonly namespace?: string;
  /** A username, or all of `userInfo`. */
  readonly by?: string | Json | null;
  readonly object?: unknown;
  readonly old?: unknown;
  /** JSON text in place of `object` and `old`, for texts that no JavaScript value can hold. */
  readonly objectText?: string;
  readonly oldText?: string;
  /** Further members of the request. */
  readonly request?: Json;
  /** The answer to each question, as `formatQuestion` writes it. */
  readonly asked?: Readonly<Record<string, Said>>;
  /** In place of `asked`. */
  readonly answers?: (question: string) => Said;
}

/** An object of Razee's kind that declares this, or nothing. */
export const template = (declared?: unknown, spec: Json = {}): Json => ({
  apiVersion: "deploy.razee.io/v1alpha2",
  kind: "MustacheTemplate",
  metadata: { name: "demo" },
  spec: declared === undefined ? spec : { clusterAuth: { impersonateUser: declared }, ...spec },
});

export const account = (name: string, namespace = "team-a"): string => `system:serviceaccount:${namespace}:${name}`;
export const user = (username: string, ...groups: readonly string[]) => ({
  username,
  groups: [...groups, "system:authenticated"],
});
export const add = (path: string, value: unknown): PatchOperation => ({ op: "add", path, value });
export const replace = (path: string, value: unknown): PatchOperation => ({ op: "replace", path, value });

export const uid = "705ab4f5-6393-11e8-b7cc-42010a800002";

const resourceOf = (text: string): Json => {
  const [resource, version, ...group] = text.split(".");
  return { group: group.join("."), version, resource };
};

/** The AdmissionReview as the API server would write it. */
export const reviewText = (given: Given): string => {
  const { resource = "mustachetemplates.v1alpha2.deploy.razee.io", by = "alice", old, object, request } = given;
  const text = JSON.stringify({
    apiVersion: "admission.k8s.io/v1",
    kind: "AdmissionReview",
    request: {
      uid,
      kind: { group: "deploy.razee.io", version: "v1alpha2", kind: "MustacheTemplate" },
      resource: resourceOf(resource),
      ...(given.subResource === undefined ? {} : { subResource: given.subResource }),
      name: "demo",
      namespace: given.namespace ?? "team-a",
      operation: given.operation ?? "CREATE",
      userInfo: typeof by === "string" ? user(by) : by,
      object: given.objectText === undefined ? (object ?? null) : "OBJECT",
      oldObject: given.oldText === undefined ? (old ?? null) : "OLD",
      dryRun: false,
      ...request,
    },
  });
  return text
    .replace('"object":"OBJECT"', () => `"object":${given.objectText}`)
    .replace('"oldObject":"OLD"', () => `"oldObject":${given.oldText}`);
};

/** The answer that an authorizer gave, undefined for none. */
export const answerOf = (said: Said | undefined): Answer | undefined => {
  if (said === undefined || said === "nothing") return undefined;
  return typeof said === "string" ? { allowed: said === "yes", reason: "" } : said;
};

export interface Result {
  readonly questions: readonly ResourceQuestion[];
  readonly outcome: Outcome;
  /** As it would be sent. */
  readonly response: AdmissionResponse;
  readonly patch: readonly PatchOperation[];
}

/** Reads, judges, takes the answers, concludes and writes. */
export const decide = (given: Given): Result => {
  const policy = readPolicy({ name: "rows", targets: [{ preset: "razee" }], ...given.policy });
  const review = readReview(reviewText(given));
  if (isProblem(review)) throw new Error(review.problem);
  const judgement = judge(policy, review.request, given.endpoint ?? "mutate");
  const answers = judgement.questions
    .map(formatQuestion)
    .map((question) => answerOf(given.answers ? given.answers(question) : given.asked?.[question]));
  const outcome = conclude(judgement, answers);
  const answer = writeReview(review, outcome, (text) => Buffer.from(text).toString("base64"));
  expect(answer).toMatchObject({ apiVersion: "admission.k8s.io/v1", kind: "AdmissionReview" });
  const response: AdmissionResponse = JSON.parse(JSON.stringify(answer.response));
  const { patch } = response;
  return {
    questions: judgement.questions,
    outcome,
    response,
    patch: patch === undefined ? [] : JSON.parse(Buffer.from(patch, "base64").toString()),
  };
};

/** The object with the patch applied, by an independent library. It is read from its text first, because a random object may hold one part twice. */
export const patched = (object: unknown, patch: readonly PatchOperation[]): unknown =>
  fastJsonPatch.applyPatch(JSON.parse(JSON.stringify(object)), structuredClone(patch) as Operation[], true).newDocument;

/** Asserts the properties that hold for every answer. */
export const expectSound = ({ response, outcome }: Result): void => assertSound(uid, outcome, response);

const targetsOf = ({ policy }: Given): readonly Json[] => (policy?.["targets"] ?? []) as readonly Json[];

/** Whether a target has a field in the status, which mutate does not read. */
export const hasFieldInStatus = (given: Given): boolean =>
  targetsOf(given).some(({ fields = [] }) =>
    (fields as readonly (string | { readonly path: string })[]).some((field) =>
      (typeof field === "string" ? field : field.path).startsWith("status."),
    ),
  );

export const hasStatusWriters = (given: Given): boolean =>
  targetsOf(given).some(({ statusWriters = [] }) => (statusWriters as readonly string[]).length > 0);

const rename = (value: unknown, name: string | undefined): unknown => {
  if (typeof value !== "object" || value === null || Array.isArray(value) || !Object.hasOwn(value, "status"))
    return value;
  const { status, ...rest } = value as Json;
  return name === undefined ? rest : { ...rest, [name]: status };
};

/** The same review with another name for the status of both objects, or without it. */
export const withStatusAs = (given: Given, name: string | undefined): Given => {
  const { object, old, objectText, oldText, ...rest } = given;
  const renamed = (text: string) => text.replace('"status":', `"${name}":`);
  return {
    ...rest,
    ...(object === undefined ? {} : { object: rename(object, name) }),
    ...(old === undefined ? {} : { old: rename(old, name) }),
    ...(objectText === undefined ? {} : { objectText: renamed(objectText) }),
    ...(oldText === undefined ? {} : { oldText: renamed(oldText) }),
  };
};

/** Whether the two endpoints may differ: a field lies in the status, or an update of the object itself changes the status. */
export const isAboutStatus = (given: Given): boolean => {
  if (hasFieldInStatus(given)) return true;
  const { operation, subResource = "", object, old, objectText, oldText } = given;
  if (operation !== "UPDATE" || subResource !== "") return false;
  const statusOf = (value: unknown, text: string | undefined): unknown =>
    text === undefined
      ? [(value as { readonly status?: unknown } | undefined | null)?.status]
      : [/"status":(.*)$/.exec(text)?.[1]];
  return !isDeepStrictEqual(statusOf(object, objectText), statusOf(old, oldText));
};
