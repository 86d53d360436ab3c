/** A resource as kubectl names it: `pods`, `deployments.apps`. */
export function resourceName({ group, resource }: { readonly group: string; readonly resource: string }): string {
  return group === "" ? resource : `${resource}.${group}`;
}
