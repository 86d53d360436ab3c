import { formatPath, type Path, type Step } from "../../lib/policy/path.ts";
import { type Field, identityPaths, type Target } from "../../lib/policy/policy.ts";
import type { ServedVersion } from "./crds.ts";
import type { Reason } from "./ecosystems.ts";
import { mayHave, placesIn, type SchemaPlace } from "./schema.ts";

/** A place of a schema that a policy neither guards nor leaves alone for a reason. */
export interface Gap {
  readonly resource: string;
  readonly path: string;
}

const targetFor = (targets: readonly Target[], { resource, version }: ServedVersion): Target | undefined =>
  targets.find(
    ({ group, resources, versions }) =>
      resources.some((plural) => `${plural}.${group}` === resource) &&
      (versions.includes("*") || versions.includes(version)),
  );

/** A request in another served version is converted to a guarded one before it is judged (`matchPolicy: Equivalent`). */
const isConverted = (targets: readonly Target[], all: readonly ServedVersion[], served: ServedVersion): boolean =>
  targetFor(targets, served) === undefined &&
  all.some((other) => other.resource === served.resource && targetFor(targets, other) !== undefined);

const isSame = (one: Step, other: Step): boolean =>
  typeof one === "object" && typeof other === "object" ? one.key === other.key : one === other;

const beginsWith = (path: Path, beginning: Path): boolean =>
  beginning.every((step, index) => {
    const at = path[index];
    return at !== undefined && isSame(at, step);
  });

/** Whether a field leads to a place or into it, or holds it as a value that is not read, or finds it at any depth. */
const guards = ({ path, names }: Field, { path: place, kind }: SchemaPlace): boolean => {
  const deep = path.indexOf("deep");
  const way = deep < 0 ? path : path.slice(0, deep);
  if (beginsWith(way, place)) return true;
  if (!beginsWith(place, way)) return false;
  return deep < 0 ? names === "anything" : kind === "open" || isSame(place.at(-1) as Step, path.at(-1) as Step);
};

/** The places in the objects of a project that may name an account, and that nothing accounts for; and the reasons that no place needs. */
export function gapsIn(
  targets: readonly Target[],
  all: readonly ServedVersion[],
  reasons: readonly Reason[],
): { readonly gaps: readonly Gap[]; readonly unused: readonly Reason[] } {
  const used = new Set<Reason>();
  const gaps = all
    .filter((served) => !isConverted(targets, all, served))
    .flatMap((served) => {
      const fields = targetFor(targets, served)?.fields ?? [];
      return placesIn(served.schema)
        .filter((place) => !fields.some((field) => guards(field, place)))
        .map(({ path }) => ({ resource: `${served.resource}/${served.version}`, path: formatPath(path) || "." }))
        .filter(({ path }) => {
          const reason = reasons.find(
            ({ resources, paths }) => (resources?.test(served.resource) ?? true) && paths.test(path),
          );
          if (reason) used.add(reason);
          return reason === undefined;
        });
    });
  return { gaps, unused: reasons.filter((reason) => !used.has(reason)) };
}

/** The paths of a policy that the objects of a served version cannot have. */
export function pathsWithoutPlace(targets: readonly Target[], all: readonly ServedVersion[]): readonly Gap[] {
  return all.flatMap((served) =>
    pathsOf(targetFor(targets, served))
      .filter((path) => !mayHave(served.schema, path))
      .map((path) => ({ resource: `${served.resource}/${served.version}`, path: formatPath(path) })),
  );
}

const pathsOf = (target: Target | undefined): readonly Path[] =>
  target
    ? [
        ...target.statusPaths,
        ...target.fields.flatMap((field) => [...identityPaths(field), ...field.whenSet.map(({ path }) => path)]),
      ]
    : [];

/** Guarded resources, `PLURAL.GROUP/VERSION`, that no CRD defines. */
export function resourcesWithoutCrd(targets: readonly Target[], all: readonly ServedVersion[]): readonly string[] {
  return targets.flatMap(({ group, resources, versions }) =>
    resources.flatMap((plural) =>
      versions
        .filter(
          (version) =>
            !all.some(
              (served) => served.resource === `${plural}.${group}` && (version === "*" || version === served.version),
            ),
        )
        .map((version) => `${plural}.${group}/${version}`),
    ),
  );
}

/** Guarded versions whose status is stored with the object, without a writer of the status in the policy. */
export function withoutStatusWriters(targets: readonly Target[], all: readonly ServedVersion[]): readonly string[] {
  return all
    .filter((served) => !served.hasStatusSubresource && targetFor(targets, served)?.statusWriters.length === 0)
    .map(({ resource, version }) => `${resource}/${version}`);
}
