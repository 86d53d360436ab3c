/** Whether a name can stand in the URL of a cluster. A path segment `.` or `..` never arrives: whoever sends a URL resolves it before. */
export const isClusterName = (name: unknown): name is string =>
  typeof name === "string" && /^(?!\.{1,2}$)[A-Za-z0-9._-]{1,63}$/.test(name);
