/** The service account that Razee's controllers run as. */
const razeeController = "system:serviceaccount:razeedeploy:razeedeploy-sa";

/**
 * Razee (razee-io/razeedeploy-core `BaseController`, https://github.com/razee-io/razeedeploy-core): the controller sends
 * `Impersonate-User: <field>`. Where the field is `razeedeploy`, `false` or empty, it sends no header and acts as its own service account,
 * which may do anything. It deletes the objects that `status.children` lists.
 */
export function razee(controller = razeeController) {
  return {
    group: "deploy.razee.io",
    versions: ["*"],
    resources: ["remoteresources", "mustachetemplates", "encryptedresources", "remoteresourcess3", "featureflagsetsld"],
    fields: ["spec.clusterAuth.impersonateUser"],
    statusPaths: ["status.children"],
    privileged: { razeedeploy: controller, false: controller },
    onForbidden: "requester",
    onEmpty: "requester",
    emptyStandsFor: controller,
  };
}
