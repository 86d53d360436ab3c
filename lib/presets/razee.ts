import { definePreset } from "./preset.ts";

/**
 * Razee (razee-io/razeedeploy-core `BaseController`, https://github.com/razee-io/razeedeploy-core): the controller sends
 * `Impersonate-User: <field>`. Where the field is `razeedeploy`, `false` or empty, it sends no header and acts as its own service account,
 * which may do anything. It deletes the objects that `status.children` lists.
 */
export const razee = definePreset({
  project: "razeedeploy-core 1.3.24",
  options: {
    controller: {
      text: "the service account of Razee's controllers",
      is: "username",
      default: "system:serviceaccount:razeedeploy:razeedeploy-sa",
    },
    onForbidden: {
      text: "the policy's answer to a forbidden identity",
      is: ["requester", "deny"],
      default: "requester",
    },
    onEmpty: { text: "the policy's answer to an empty field", is: ["requester", "deny"], default: "requester" },
    onPrivilegedRequester: {
      text: "the policy's answer where the controller's own account would be written",
      is: ["deny", "default"],
      default: "deny",
    },
  },
  targets: ({ controller, onForbidden, onEmpty, onPrivilegedRequester }) => [
    {
      group: "deploy.razee.io",
      versions: ["*"],
      resources: [
        "remoteresources",
        "mustachetemplates",
        "encryptedresources",
        "remoteresourcess3",
        "featureflagsetsld",
      ],
      fields: ["spec.clusterAuth.impersonateUser"],
      statusPaths: ["status.children"],
      privileged: { razeedeploy: controller, false: controller },
      onForbidden,
      onEmpty,
      onPrivilegedRequester,
      emptyStandsFor: controller,
    },
  ],
});
