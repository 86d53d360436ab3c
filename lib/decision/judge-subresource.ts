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

/** Whether a subresource can hold anything that is judged: metadata in any of them, the status in its own. */
export function isJudgedSubresource(fields: readonly Field[], { statusPaths }: Target, subResource: string): boolean {
  return fields.some(isInMetadata) || (subResource === "status" && (statusPaths.length > 0 || fields.some(isInStatus)));
}

/**
 * Rule `subresource`: a write of a subresource. It answers for the fields that it changes, in the metadata or the status, and where it
 * changes the status that the controller acts on, for the identities of the stored object.
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
 * Kinds that subresources take in place of their resource's (`k8s.io/api` core/v1, autoscaling, policy, authentication), with their group. The
 * status is always of its resource's kind.
 */
const kindsOfSubresources: ReadonlyMap<string, string> = new Map([
  ["Binding", ""],
  ["Scale", "autoscaling"],
  ["Eviction", "policy"],
  ["TokenRequest", "authentication.k8s.io"],
]);

const isOfAnotherKind = ({ kind: { group, kind }, subResource }: AdmissionRequest): boolean =>
  subResource !== "status" && kindsOfSubresources.get(kind) === group;

/** An object that is not of the resource's kind cannot be compared. A Binding's annotations become those of its pod. */
const judgeForeign = ({ fields, request, object }: CoveredWrite): Finding => {
  const paths = fields.filter(isInMetadata).flatMap(identityPaths);
  const carried = paths.flatMap((path) => placesOf(object, path)).find(({ value }) => value !== undefined);
  return carried ? foreign(carried, request) : unchanged();
};

const foreign = ({ at }: Place, request: AdmissionRequest): Denied => {
  const message = messages.foreignKind(request);
  return { ...denied("foreign-kind", 422, `${at}: ${message}`), causes: [{ field: at, message }] };
};
