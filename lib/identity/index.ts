export { isHeaderSafe } from "./header-safe.ts";
export { isProblem, type JsonObject, type Problem } from "./json.ts";
export {
  type Answer,
  formatQuestion,
  impersonationQuestion,
  type NoAnswer,
  type Question,
  type ResourceAttributes,
  readAnswer,
} from "./question.ts";
export { type ServiceAccount, serviceAccountOf, serviceAccountUsername } from "./service-account.ts";
export { readUserInfo, type UserInfo } from "./user-info.ts";
