export { authorize } from "./authorize.ts";
export { RbacError } from "./error.ts";
export { readWorld, type World } from "./world.ts";
