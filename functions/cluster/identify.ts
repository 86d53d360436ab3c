import { authenticatedGroups } from "../../lib/identity/implied-groups.ts";
import { readUserInfo, type UserInfo } from "../../lib/identity/index.ts";
import { isObject, isProblem } from "../../lib/meta/json.ts";
import type { NoAnswer } from "../../lib/question/question.ts";
import { accessFailure, httpFailure, lateFailure } from "./access-failure.ts";
import type { Connection } from "./connection.ts";
import { sendWithRetries } from "./send-with-retries.ts";

/** Whose a token is. */
export type Identity = { readonly user: UserInfo } | RefusedToken | NoAnswer;

/** A token that is not accepted. */
export interface RefusedToken {
  readonly refused: true;
  /** False for a refusal that came with an error. */
  readonly isCertain: boolean;
  /** A sentence for the log, which does not quote the token; the API server gives none. */
  readonly reason?: string;
}

/** Asks one cluster whose a bearer token is (TokenReview). Never rejects: a failure is a `NoAnswer` with a sentence that holds no secret. */
export type Identify = (token: string, deadline: number) => Promise<Identity>;

const path = "/apis/authentication.k8s.io/v1/tokenreviews?fieldValidation=Strict";

/**
 * Identifies tokens over a connection. No audiences are asked for, so the API server's own apply. The user has `system:authenticated`, as
 * in the API server.
 *
 * @example const identity = await identifyOf(openConnection(kubeconfig, "prod"))(token, Date.now() + 10_000);
 */
export function identifyOf({ label, send }: Connection): Identify {
  return async (token, deadline) => {
    const milliseconds = deadline - Date.now();
    const late = lateFailure(label, milliseconds);
    if (milliseconds <= 0) return late;
    const signal = AbortSignal.timeout(milliseconds);
    const body = JSON.stringify({ apiVersion: "authentication.k8s.io/v1", kind: "TokenReview", spec: { token } });
    try {
      const { status, text } = await sendWithRetries(send, { path, body, signal }, deadline);
      if (status === 403) return { code: 502, failure: `the identity of ${label} may not create tokenreviews` };
      return status === 200 || status === 201
        ? readTokenReview(token, JSON.parse(text))
        : httpFailure(label, status, text);
    } catch (error) {
      return signal.aborted ? late : accessFailure(label, error);
    }
  };
}

const readTokenReview = (token: string, review: unknown): Identity => {
  const noAnswer = (what: string): NoAnswer => ({ code: 502, failure: `the TokenReview came back ${what}` });
  if (!isObject(review) || review["kind"] !== "TokenReview" || review["apiVersion"] !== "authentication.k8s.io/v1")
    return noAnswer("as something else");
  const { spec, status } = review;
  // From a connection that is out of step, or from a cache on the way.
  if (!isObject(spec) || spec["token"] !== token) return noAnswer("with another token");
  if (!isObject(status)) return noAnswer("without a status");
  const { authenticated = false, error = "" } = status;
  if (typeof authenticated !== "boolean") return noAnswer("without a boolean status.authenticated");
  if (!authenticated) return { refused: true, isCertain: error === "" };
  const user = readUserInfo(status["user"]);
  if (isProblem(user)) return noAnswer("with a user that cannot be read");
  return { user: { ...user, groups: authenticatedGroups(user) } };
};
