import type { ControlPlane } from "../control-plane.ts";
import { applied } from "./applied.ts";
import { until } from "./until.ts";

/** A kind with a schema of its own, in the form of its CustomResourceDefinition. */
export interface DefinedKind {
  readonly group: string;
  readonly plural: string;
  readonly kind: string;
  readonly scope?: "Namespaced" | "Cluster";
  readonly conversion?: object;
  /** The first one is stored. */
  readonly versions: readonly {
    readonly name: string;
    /** The schema of an object by its members. Without it, an object may have any member. */
    readonly properties?: object;
    /** No subresource for the status. */
    readonly storesStatus?: boolean;
  }[];
}

export const text = { type: "string" };
export const object = (properties: object): object => ({ type: "object", properties });
export const list = (items: object): object => ({ type: "array", items });
export const anything = { type: "object", "x-kubernetes-preserve-unknown-fields": true };

/** Defines kinds, and waits until they are served. */
export const defineKinds = async (plane: ControlPlane, kinds: readonly DefinedKind[]): Promise<void> => {
  await applied(
    plane,
    kinds.map(({ group, plural, kind, scope = "Namespaced", conversion, versions }) => ({
      apiVersion: "apiextensions.k8s.io/v1",
      kind: "CustomResourceDefinition",
      metadata: { name: `${plural}.${group}` },
      spec: {
        group,
        names: { kind, plural, singular: kind.toLowerCase() },
        scope,
        ...(conversion ? { conversion } : {}),
        versions: versions.map(({ name, properties, storesStatus }, index) => ({
          name,
          served: true,
          storage: index === 0,
          schema: { openAPIV3Schema: properties ? object(properties) : anything },
          ...(storesStatus ? {} : { subresources: { status: {} } }),
        })),
      },
    })),
  );
  await until("the kinds are served", async () => {
    const answers = kinds.flatMap(({ group, plural, versions }) =>
      versions.map(({ name }) => plane.api(plane.user("admin"), { path: `/apis/${group}/${name}/${plural}` })),
    );
    return (await Promise.all(answers)).every(({ status }) => status === 200);
  });
};
