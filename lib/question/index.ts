export {
  type Answer,
  formatQuestion,
  impersonationQuestion,
  type NoAnswer,
  type Question,
  type ResourceAttributes,
  readAnswer,
} from "./question.ts";
