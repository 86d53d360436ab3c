/** Whether a name can stand in the URL of a cluster. A path segment `.` or `..` never arrives, because clients resolve it. */
export function isClusterName(name: unknown): name is string {
  return typeof name === "string" && /^(?!\.{1,2}$)[A-Za-z0-9._-]{1,63}$/.test(name);
}
