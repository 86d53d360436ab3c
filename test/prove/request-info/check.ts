import { isDeepStrictEqual } from "node:util";
import type { UserInfo } from "../../../lib/identity/index.ts";
import { isProblem } from "../../../lib/meta/json.ts";
import { judgeRequest, type RequestInfo, type readRequestInfo } from "../../../lib/proxy/index.ts";
import { isPathQuestion, type Question } from "../../../lib/question/index.ts";
import type { AuditEvent } from "../../cluster/harness/audit-log.ts";
import type { RequestLine } from "./targets.ts";

/** How a request line can be agreed about. */
export const agreements = [
  "a resource",
  "a path",
  "neither reads it",
  "the API server reads bytes that are not UTF-8",
] as const;
export type Agreement = (typeof agreements)[number];

export type RequestInfoResult =
  | { readonly agreement: Agreement; readonly isQuestionCompared: boolean }
  | { readonly disagreement: string };

/** What the API server made of a request line. */
export interface Reading {
  readonly status: number;
  /** Undefined where it could not be read. */
  readonly event: AuditEvent | undefined;
  /** What the API server asked its authorizer. */
  readonly questions: readonly object[];
}

/** Without members that are empty, which the API server leaves out of JSON. */
const filled = (value: object): object =>
  Object.fromEntries(Object.entries(value).filter(([, member]) => member !== "" && member !== undefined));

const written = (question: Question): object => ({
  ...question,
  ...(isPathQuestion(question)
    ? { nonResourceAttributes: filled(question.nonResourceAttributes) }
    : { resourceAttributes: filled(question.resourceAttributes) }),
});

interface Selected {
  readonly resourceAttributes?: {
    readonly fieldSelector?: { readonly requirements: readonly { readonly key?: string }[] };
  };
}

/** The API server's question without fields that have no name: a SubjectAccessReview that is posted must not hold them. */
const askable = (question: object): object => {
  const { resourceAttributes } = question as Selected;
  if (resourceAttributes?.fieldSelector === undefined) return question;
  const { fieldSelector, ...others } = resourceAttributes;
  const requirements = fieldSelector.requirements.filter(({ key }) => key !== undefined && key !== "");
  const selecting = requirements.length > 0 ? { fieldSelector: { requirements } } : {};
  return { ...question, resourceAttributes: { ...others, ...selecting } };
};

const objectRefOf = ({
  isResourceRequest,
  apiGroup,
  apiVersion,
  resource,
  subresource,
  namespace,
  name,
}: RequestInfo) =>
  isResourceRequest ? filled({ apiGroup, apiVersion, resource, subresource, namespace, name }) : undefined;

/** Whether the bytes that a target encodes are UTF-8: said once more and in other words than the library's. */
export const isUtf8 = (target: string): boolean => {
  const bytes = Buffer.from(
    target.replace(/%([0-9a-f]{2})/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16))),
    "latin1",
  );
  return Buffer.from(bytes.toString("utf8"), "utf8").equals(bytes);
};

/** Go writes these characters of a path percent-encoded. */
const isKeptByGo = (target: string): boolean => !/["#<>\\^`{|}]/.test(target.replace(/\?.*$/s, ""));

/** Compares what the library and the API server read in a request line, and the question that each would ask about it. */
export const checkRequestInfo = (
  read: typeof readRequestInfo,
  { method, target }: RequestLine,
  user: UserInfo,
  { status, event, questions }: Reading,
): RequestInfoResult => {
  const info = read(method, target);
  const differ = (what: string, theirs: unknown, ours: unknown) => ({
    disagreement: `${what}: the API server (${status}) says ${JSON.stringify(theirs)}, the library ${JSON.stringify(ours)}`,
  });
  if (isProblem(info)) {
    if (event === undefined) return { agreement: "neither reads it", isQuestionCompared: false };
    return isUtf8(target)
      ? differ("read", event, info)
      : { agreement: "the API server reads bytes that are not UTF-8", isQuestionCompared: false };
  }
  if (event === undefined) return differ("read", undefined, info);
  if (event.verb !== info.verb) return differ("verb", event.verb, info.verb);
  const objectRef = objectRefOf(info);
  if (!isDeepStrictEqual(event.objectRef, objectRef)) return differ("objectRef", event.objectRef, objectRef);
  const again = read(method, event.requestURI);
  if (!isDeepStrictEqual(again, info)) return differ("requestURI, read again", event.requestURI, target);
  if (isKeptByGo(target) && event.requestURI !== target) return differ("requestURI", event.requestURI, target);
  const asked = judgeRequest({ info, lines: [], caller: { user, credential: "other" } }).questions.map(written);
  // RBAC allows some paths to everybody, so that the webhook behind it is not asked. The proxy asks nothing about probes.
  const isAllowed = event.annotations?.["authorization.k8s.io/decision"] === "allow";
  const isAsked = !isAllowed && !/^\/(healthz|livez|readyz)$/.test(info.path);
  if (isAsked && !isDeepStrictEqual(questions.map(askable), asked)) return differ("question", questions, asked);
  return { agreement: info.isResourceRequest ? "a resource" : "a path", isQuestionCompared: isAsked };
};
