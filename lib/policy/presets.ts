import { type Path, parsePath } from "./path.ts";
import type { Target } from "./policy.ts";

const at = (text: string): Path => parsePath(text) as Path;

/** The service account that Razee's controllers run as. */
const razeeController = "system:serviceaccount:razeedeploy:razeedeploy-sa";

/**
 * Razee (razee-io/razeedeploy-core `BaseController`, https://github.com/razee-io/razeedeploy-core): the controller sends
 * `Impersonate-User: <field>`, except that `razeedeploy`, `false` and nothing mean its own service account, which may do anything. It
 * deletes what `status.children` lists.
 */
const razee = (controller = razeeController): Target => ({
  group: "deploy.razee.io",
  versions: ["*"],
  resources: ["remoteresources", "mustachetemplates", "encryptedresources", "remoteresourcess3", "featureflagsetsld"],
  fields: [{ path: at("spec.clusterAuth.impersonateUser") }],
  statusPaths: [at("status.children")],
  privileged: { razeedeploy: controller, false: controller },
  onForbidden: "requester",
  onEmpty: "requester",
  writers: [],
});

/** Targets that come with the library, by name. */
export const presets = { razee } as const;
