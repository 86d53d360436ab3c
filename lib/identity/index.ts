export { isHeaderSafe } from "./header-safe.ts";
export { type ServiceAccount, serviceAccountOf, serviceAccountUsername } from "./service-account.ts";
export { readUserInfo, type UserInfo } from "./user-info.ts";
