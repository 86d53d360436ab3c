import type { Ask } from "../../functions/cluster/ask.ts";
import {
  concludeFields,
  type Decision,
  type GroupVersionResource,
  judgeFields,
  type Reason,
} from "../../lib/decision/index.ts";
import type { UserInfo } from "../../lib/identity/index.ts";
import type { JsonObject } from "../../lib/meta/json.ts";
import type { Segments } from "../../lib/policy/path.ts";
import type { Policy } from "../../lib/policy/policy.ts";
import type { Answer, ResourceQuestion } from "../../lib/question/index.ts";
import { ClusterError } from "../cluster/api-client.ts";

/** The verdict on a field when this user edits the object. */
export interface WouldBe {
  readonly writer: string;
  readonly field: string;
  readonly decision: Decision;
  readonly reason: Reason;
  readonly effective: string;
  readonly message: string;
}

/** Whether the field would be left as it is. */
export function isKept({ decision }: WouldBe): boolean {
  return decision === "self" || decision === "permitted" || decision === "skipped";
}

/** The verdict on the field at one place of an object. */
export interface WouldBeAt {
  readonly segments: Segments;
  readonly wouldBe: WouldBe;
}

/** One object, and the writers to judge it by. */
export interface Suspicion {
  readonly object: JsonObject;
  readonly users: readonly UserInfo[];
}

/** Judges objects by their writers, in the order of the objects. Throws a ClusterError where a question gets no answer. */
export type JudgeWriters = (
  policy: Policy,
  resource: GroupVersionResource,
  suspicions: readonly Suspicion[],
) => Promise<readonly (readonly WouldBeAt[])[]>;

const together = 100;
const patience = 60_000;
/** Identities and writers are few. Where every object names another identity, the answers are forgotten, to bound the memory. */
const mostKnown = 50_000;

/** Judges by the rule itself. The API server answers each question once. */
export function judgeWritersWith(ask: Ask): JudgeWriters {
  const known = new Map<string, Answer>();
  const learn = async (questions: readonly ResourceQuestion[]): Promise<void> => {
    if (known.size > mostKnown) known.clear();
    const fresh = [...new Map(questions.map((question) => [JSON.stringify(question), question]))].filter(
      ([key]) => !known.has(key),
    );
    for (let from = 0; from < fresh.length; from += together) {
      const batch = fresh.slice(from, from + together);
      const answers = await ask(
        batch.map(([, question]) => question),
        Date.now() + patience,
      );
      for (const [index, [key]] of batch.entries()) {
        const answer = answers[index];
        if (answer === undefined || "failure" in answer)
          throw new ClusterError(`the writers cannot be judged: ${answer?.failure ?? "no answer came back"}`);
        known.set(key, answer);
      }
    }
  };
  const answerTo = (question: ResourceQuestion): Answer | undefined => known.get(JSON.stringify(question));

  return async (policy, resource, suspicions) => {
    const judged = suspicions.map(({ object, users }) =>
      users.map((user) => ({
        user,
        judgement: judgeFields(policy, { resource, object, oldObject: object, requester: user }),
      })),
    );
    await learn(judged.flat().flatMap(({ judgement }) => judgement.questions));
    return judged.map((each) =>
      each.flatMap(({ user, judgement }) =>
        concludeFields(judgement, judgement.questions.map(answerTo)).map(
          ({ segments = [], at = "", decision, reason, effective, sentence }) => ({
            segments,
            wouldBe: { writer: user.username, field: at, decision, reason, effective, message: sentence },
          }),
        ),
      ),
    );
  };
}
