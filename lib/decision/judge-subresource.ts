import { type Place, placesOf } from "../policy/path.ts";
import { type Field, identityPaths, isInMetadata, isInStatus, type Target } from "../policy/policy.ts";
import { type CoveredWrite, isStatusWriter, judgeIdentityFields } from "./covered-write.ts";
import type { Finding } from "./finding.ts";
import { identityFieldsOf } from "./identity-field.ts";
import * as messages from "./messages.ts";
import type { AdmissionRequest } from "./request.ts";
import { denied, statusWriter, unchanged } from "./review-verdict.ts";
import { identitiesOf, isUnchanged, partsAt, type UnchangedPart } from "./unchanged.ts";
import type { Denied } from "./verdict.ts";

/** Whether a subresource can hold a judged field: each one may hold metadata, and `status` holds the status. */
export function isJudgedSubresource(fields: readonly Field[], { statusPaths }: Target, subResource: string): boolean {
  return fields.some(isInMetadata) || (subResource === "status" && (statusPaths.length > 0 || fields.some(isInStatus)));
}

/**
 * Rule `subresource`: a write of a subresource. It answers for the fields that it changes in the metadata or the status. Where it changes
 * a part of the status that the controller acts on, it also answers for the identities of the stored object.
 */
export function judgeSubresource(write: CoveredWrite): readonly Finding[] {
  const { target, fields, request, object, before } = write;
  if (!before || isOfAnotherKind(request)) return [judgeForeign(write)];
  const isChanged = (part: UnchangedPart): boolean => !isUnchanged(request, part);
  const changed = (some: readonly Field[]) => (isChanged(identitiesOf(some)) ? some : []);
  const isStatus = request.subResource === "status";
  const inMetadata = changed(fields.filter(isInMetadata));
  const inStatus = isStatus ? changed(fields.filter(isInStatus)) : [];
  const actedOn = isStatus && isChanged(partsAt(target.statusPaths)) ? fields : [];
  const spared = isStatusWriter(write);
  const written = spared ? inMetadata : [...inMetadata, ...inStatus];
  const owners = spared ? [] : actedOn;
  if (written.length + owners.length === 0)
    return [inStatus.length + actedOn.length > 0 ? statusWriter() : unchanged()];
  return judgeIdentityFields(write, (review) => [
    ...identityFieldsOf({ ...review, writes: "field-by-subresource", object, before }, written),
    ...identityFieldsOf({ ...review, writes: "acted-on-status", object: before, before: undefined }, owners),
  ]);
}

/**
 * Kinds, each with its group, that a subresource may take instead of the kind of its resource (`k8s.io/api` core/v1, autoscaling, policy,
 * authentication). The subresource `status` always takes the kind of its resource.
 */
const kindsOfSubresources: ReadonlyMap<string, string> = new Map([
  ["Binding", ""],
  ["Scale", "autoscaling"],
  ["Eviction", "policy"],
  ["TokenRequest", "authentication.k8s.io"],
]);

const isOfAnotherKind = ({ kind: { group, kind }, subResource }: AdmissionRequest): boolean =>
  subResource !== "status" && kindsOfSubresources.get(kind) === group;

/** An object of another kind cannot be compared with the old one. The annotations of a Binding become those of its pod. */
const judgeForeign = ({ fields, request, object }: CoveredWrite): Finding => {
  const paths = fields.filter(isInMetadata).flatMap(identityPaths);
  const carried = paths.flatMap((path) => placesOf(object, path)).find(({ value }) => value !== undefined);
  return carried ? foreign(carried, request) : unchanged();
};

const foreign = ({ at }: Place, request: AdmissionRequest): Denied => {
  const message = messages.foreignKind(request);
  return { ...denied("foreign-kind", 422, `${at}: ${message}`), causes: [{ field: at, message }] };
};
