/** Why manifests cannot be read as RBAC: a sentence that names the object, the field and the fix. */
export class RbacError extends Error {
  override readonly name = "RbacError";
}
