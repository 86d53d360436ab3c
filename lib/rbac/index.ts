export { authorize } from "./authorize.ts";
export { RbacError } from "./rbac-error.ts";
export { readWorld, type World } from "./world.ts";
