import { isRegion } from "./endpoint.ts";

const suffixes = [".eks.amazonaws.com", ".eks.amazonaws.com.cn"];

/**
 * Whether a host can be an EKS cluster's API server in a region, whose name the host holds: `HASH.gr7.REGION.eks.amazonaws.com`, or with
 * IPv6 `HASH.REGION.api.aws` (https://docs.aws.amazon.com/eks/latest/userguide/cluster-endpoint.html). A token is sent to no other host.
 *
 * @param region undefined where it is not known yet; then any region is accepted
 */
export function isEksServer(host: string, region: string | undefined): boolean {
  const isThere = (label: string | undefined): boolean => region === undefined || label === region;
  const suffix = suffixes.find((each) => host.endsWith(each));
  if (suffix) {
    const label = host.slice(0, -suffix.length).split(".").at(-1) ?? "";
    return label !== "" && (!isRegion(label) || isThere(label));
  }
  const [, label] = /^.+\.([a-z0-9-]+)\.api\.(?:aws|amazonwebservices\.com\.cn)$/.exec(host) ?? [];
  return label !== undefined && isRegion(label) && isThere(label);
}
