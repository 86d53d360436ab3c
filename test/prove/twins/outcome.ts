import type { ProxiedResponse } from "../worlds/front-proxy.ts";
import { readExact } from "./exact-json.ts";

/** The result of a write: the written parts of the object, or the refusal. */
export type Outcome =
  | { readonly allowed: true; readonly object: Written }
  | { readonly allowed: false; readonly code: number; readonly message: string };

/** Numbers stand as `"#1"`. */
export interface Written {
  readonly labels: unknown;
  readonly annotations: unknown;
  readonly spec: unknown;
  readonly status: unknown;
}

/** @throws Error for an answer that is neither a success nor a refusal */
export const outcomeOf = ({ status, body, text }: Pick<ProxiedResponse, "status" | "body" | "text">): Outcome => {
  if (status === 200 || status === 201) {
    const exact = readExact(text) as {
      readonly metadata: { readonly labels?: unknown; readonly annotations?: unknown };
      readonly spec?: unknown;
      readonly status?: unknown;
    };
    const { labels, annotations } = exact.metadata;
    return { allowed: true, object: { labels, annotations, spec: exact.spec, status: exact.status } };
  }
  if (status === 403 || status === 422) return { allowed: false, code: status, message: String(body.message) };
  throw new Error(`${status} ${text}`);
};

/** Whether both are refusals, or the same object. */
export const isSame = (one: Outcome, other: Outcome): boolean =>
  one.allowed && other.allowed
    ? JSON.stringify(one.object) === JSON.stringify(other.object)
    : one.allowed === other.allowed;

/** For people. */
export const said = (outcome: Outcome): string =>
  outcome.allowed ? JSON.stringify(outcome.object) : `${outcome.code} ${outcome.message}`;
