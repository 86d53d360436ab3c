import { brief } from "../meta/brief.ts";
import type { Segments } from "../policy/path.ts";
import { type Answer, formatQuestion, type NoAnswer, type ResourceQuestion } from "../question/question.ts";
import type { Denied, FieldVerdict, Verdict } from "./verdict.ts";

/** The result of judging one field, before any question is answered: a verdict, or the questions that it depends on. */
export type Finding = Verdict | Branch;

/** A verdict that depends on answers. `yes` follows only if every question is answered with yes. */
export interface Branch {
  readonly ask: readonly ResourceQuestion[];
  readonly yes: Finding;
  readonly no: Finding;
  /** The field that the questions are about. */
  readonly subject: { readonly segments: Segments; readonly at: string; readonly declared: string };
}

export function isBranch(finding: Finding): finding is Branch {
  return "ask" in finding;
}

/** Every question that a finding may need. */
export function questionsOf(finding: Finding): readonly ResourceQuestion[] {
  return isBranch(finding) ? [...finding.ask, ...questionsOf(finding.yes), ...questionsOf(finding.no)] : [];
}

/** The same finding with each of its verdicts changed. */
export function mapVerdicts(finding: Finding, change: (verdict: Verdict) => Verdict): Finding {
  return isBranch(finding)
    ? { ...finding, yes: mapVerdicts(finding.yes, change), no: mapVerdicts(finding.no, change) }
    : change(finding);
}

/** Follows the answers to a verdict. Only the questions on the way count. Where one of them has no answer, the verdict is a denial. */
export function verdictOf(
  finding: Finding,
  answerTo: (question: ResourceQuestion) => Answer,
  before: readonly ResourceQuestion[] = [],
): FieldVerdict {
  if (!isBranch(finding)) return { ...finding, questions: before };
  const questions = [...before, ...finding.ask];
  let next = finding.yes;
  for (const question of finding.ask) {
    const answer = answerTo(question);
    if ("failure" in answer) return { ...unanswered(finding, question, answer), questions };
    if (answer.allowed !== true) next = finding.no;
  }
  return verdictOf(next, answerTo, questions);
}

const unanswered = ({ subject }: Branch, question: ResourceQuestion, { code, failure }: NoAnswer): Denied => ({
  ...subject,
  decision: "denied",
  reason: "no-answer",
  sentence: `whether ${brief(question.user)} may ${brief(formatQuestion(question))} could not be found out: ${failure}`,
  code,
  causes: [],
  effective: "",
});
