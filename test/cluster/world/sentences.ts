/** The path of the identity field in Razee's kinds. */
export const field = "spec.clusterAuth.impersonateUser";

/** The warnings, as an API server sends them to a client. */
export const replacedWarning = (declared: string, by: string): string =>
  `${field}: "${declared}" replaced by "${by}", who may not impersonate it`;
export const inheritedWarning = (declared: string, by: string): string =>
  `${field}: inherited "${declared}" replaced by "${by}"; set the field yourself`;
export const groupsWarning = (who: string): string =>
  `${field}: a controller that acts as "${who}" has none of your groups`;

/** The lines that kubectl prints on stderr for warnings. */
export const printed = (...warnings: readonly string[]): string =>
  warnings.map((warning) => `Warning: ${warning}\n`).join("");
