import { type Answer, formatQuestion, type NoAnswer, type Question } from "../identity/question.ts";
import type { Verdict } from "./verdict.ts";

/** What is known of a field before anything is asked: the verdict, or what it depends on. `yes` needs a yes to every question. */
export type Finding = Verdict | Branch;

export interface Branch {
  readonly ask: readonly Question[];
  readonly yes: Finding;
  readonly no: Finding;
}

const isBranch = (finding: Finding): finding is Branch => "ask" in finding;

/** Every question that a finding may come to. */
export const questionsOf = (finding: Finding): readonly Question[] =>
  isBranch(finding) ? [...finding.ask, ...questionsOf(finding.yes), ...questionsOf(finding.no)] : [];

/** Follows the answers to a verdict. Only the questions on the way count; one that has no answer is a denial. */
export const follow = (finding: Finding, answerTo: (question: Question) => Answer): Verdict => {
  if (!isBranch(finding)) return finding;
  let next = finding.yes;
  for (const question of finding.ask) {
    const answer = answerTo(question);
    if ("failure" in answer) return unanswered(finding, question, answer);
    if (answer.allowed !== true) next = finding.no;
  }
  return follow(next, answerTo);
};

const unanswered = (branch: Branch, question: Question, { code, failure }: NoAnswer): Verdict => {
  const sentence = `whether ${question.user} may ${formatQuestion(question)} could not be found out: ${failure}`;
  const { write: _, lostGroups: __, ...field } = lastResort(branch);
  return {
    ...field,
    decision: "denied",
    reason: "no-answer",
    notice: sentence,
    refusal: sentence,
    code,
    effective: "",
  };
};

const lastResort = (finding: Finding): Verdict => (isBranch(finding) ? lastResort(finding.no) : finding);
