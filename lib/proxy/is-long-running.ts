import type { RequestInfo } from "./request-info.ts";

const verbs = ["watch", "proxy"];
const subresources = ["attach", "exec", "proxy", "log", "portforward"];

/** Whether a request has no deadline (`k8s.io/apiserver` pkg/server/filters BasicLongRunningRequestCheck, with kube-apiserver's lists). */
export function isLongRunning({
  isResourceRequest,
  verb,
  subresource,
  path,
}: Pick<RequestInfo, "isResourceRequest" | "verb" | "subresource" | "path">): boolean {
  return isResourceRequest
    ? verbs.includes(verb) || subresources.includes(subresource)
    : path.startsWith("/debug/pprof/");
}
