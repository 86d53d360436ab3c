/** Manifests that cannot be read as RBAC. The message names the object, the field and the fix. */
export class RbacError extends Error {
  override readonly name = "RbacError";
}
