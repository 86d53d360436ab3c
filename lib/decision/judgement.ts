import type { Policy } from "../policy/policy.ts";
import { idOfQuestion, type ResourceQuestion } from "../question/question.ts";
import { type Finding, isBranch, questionsOf } from "./finding.ts";
import type { Endpoint } from "./request.ts";
import { tooMany } from "./review-verdict.ts";
import type { Denied } from "./verdict.ts";

/** The result of judging a review, before its questions are answered. */
export interface Judgement {
  readonly policy: Policy;
  readonly endpoint: Endpoint;
  /** The requester's username, empty where it cannot be read. */
  readonly requester: string;
  /** At least one: on each field, or one on the review as a whole. */
  readonly findings: readonly Finding[];
  /** To be asked together. No two of them are equal. */
  readonly questions: readonly ResourceQuestion[];
}

/** Each question is one call to the API server; all of them are made in one round trip. */
const mostQuestions = 64;

/** Collects the questions of the findings, and refuses a review that has too many of them. */
export function judgementOf(judged: Omit<Judgement, "questions">): Judgement {
  const questions = distinct(judged.findings.flatMap(questionsOf));
  return questions.length > mostQuestions
    ? { ...judged, findings: [tooManyQuestions(judged.findings, questions.length)], questions: [] }
    : { ...judged, questions };
}

const tooManyQuestions = (findings: readonly Finding[], questions: number): Denied => {
  const fields = findings.filter(isBranch).map(({ subject }) => subject.at);
  const what = `the object names so many identities that ${questions} questions would be asked, of ${mostQuestions} at most`;
  return tooMany(fields, what);
};

const distinct = (questions: readonly ResourceQuestion[]): readonly ResourceQuestion[] => [
  ...new Map(questions.map((question) => [idOfQuestion(question), question])).values(),
];
