import type { Context } from "aws-lambda";
import { expect } from "vitest";
import type { Ask } from "../../functions/cluster/ask.ts";
import type { HttpEvent } from "../../functions/gateway/read-event.ts";
import type { Invocation } from "../../functions/telemetry/log-line.ts";
import { hashOfKey } from "../../functions/webhook/caller-key.ts";
import { createHandler } from "../../functions/webhook/handler.ts";
import type { Entry } from "../../functions/webhook/log-entries.ts";
import type { Dependencies } from "../../functions/webhook/respond.ts";
import type { WebhookCluster } from "../../functions/webhook/webhook-cluster.ts";
import { type Policy, readPolicy } from "../../lib/policy/index.ts";
import { formatQuestion } from "../../lib/question/index.ts";

export const key = "a-key-of-prod";
export const policyOf = (enforcement: Policy["enforcement"] = "enforce"): Policy =>
  readPolicy({ name: "razee", enforcement, targets: [{ preset: "razee" }] });

/** The questions that a cluster was asked, and their deadline. */
export interface Asked {
  readonly questions: readonly string[];
  readonly deadline: number;
}

export interface Guarded {
  readonly cluster?: Partial<WebhookCluster>;
  readonly dependencies?: Partial<Dependencies>;
  /** Answers the questions; by default with no. */
  readonly ask?: Ask;
  /** Milliseconds until the function is ended. */
  readonly remaining?: number;
  /** Other members of Lambda's context. */
  readonly context?: Readonly<Record<string, unknown>>;
}

/** An answer, read from the result shape of either gateway. */
export interface Answered {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: any JSON
  readonly json: any;
  readonly result: Record<string, unknown>;
}

export const no: Ask = async (questions) => questions.map(() => ({ allowed: false, reason: "" }));
export const yes: Ask = async (questions) => questions.map(() => ({ allowed: true, reason: "" }));

/** The function with one cluster, `prod`. Notes its questions and its log. */
export const guarded = ({ cluster, dependencies, ask = no, remaining = 15_000, context }: Guarded = {}) => {
  const asked: Asked[] = [];
  const logged: (Entry & Invocation)[] = [];
  const noting: Ask = (questions, deadline) => {
    asked.push({ questions: questions.map(formatQuestion), deadline });
    return ask(questions, deadline);
  };
  const prod: WebhookCluster = { name: "prod", keys: [hashOfKey(key)], policy: policyOf(), ask: noting, ...cluster };
  const registry = { clusters: new Map([["prod", prod]]), problems: [] };
  const handler = createHandler({ registry, log: (entry) => logged.push(entry), ...dependencies });
  const send = async (event: HttpEvent): Promise<Answered> =>
    answered(await handler(event, { getRemainingTimeInMillis: () => remaining, ...context } as unknown as Context));
  return { send, asked, logged, cluster: prod };
};

/** Asserts what every answer has in common: it is JSON, may not be cached, is no redirect, and reveals nothing internal. */
const answered = (result: unknown): Answered => {
  const { statusCode, headers, multiValueHeaders, body } = result as Record<string, unknown>;
  expect(headers ?? multiValueHeaders).toEqual(
    headers
      ? { "content-type": "application/json", "cache-control": "no-store" }
      : { "content-type": ["application/json"], "cache-control": ["no-store"] },
  );
  expect(statusCode).toSatisfy((status: number) => status === 200 || (status >= 400 && status <= 599));
  expect(body).not.toMatch(/\.[jt]s:\d|node:internal|node_modules/);
  return { status: Number(statusCode), json: JSON.parse(String(body)), result: result as Record<string, unknown> };
};
