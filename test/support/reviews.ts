/** The uid of every review here. */
export const uid = "5f0c1d7e-0000-4000-8000-000000000001";

/** An object of Razee; `secret` stands for everything in it that must not be logged. */
export const template = (impersonateUser?: unknown) => ({
  apiVersion: "deploy.razee.io/v1alpha2",
  kind: "MustacheTemplate",
  metadata: { name: "demo", namespace: "team-a" },
  spec: {
    ...(impersonateUser === undefined ? {} : { clusterAuth: { impersonateUser } }),
    templates: [{ kind: "Secret", data: { password: "of-nobodys-business" } }],
  },
});

/** alice creates a template that names bob. Members of the request can be replaced, or taken out with undefined. */
export const review = (request: Readonly<Record<string, unknown>> = {}) => ({
  apiVersion: "admission.k8s.io/v1",
  kind: "AdmissionReview",
  request: {
    uid,
    kind: { group: "deploy.razee.io", version: "v1alpha2", kind: "MustacheTemplate" },
    resource: { group: "deploy.razee.io", version: "v1alpha2", resource: "mustachetemplates" },
    name: "demo",
    namespace: "team-a",
    operation: "CREATE",
    userInfo: { username: "alice", groups: ["system:authenticated"] },
    object: template("bob"),
    oldObject: null,
    dryRun: false,
    ...request,
  },
});

/** Its text, as the API server sends it: with a line break at the end. */
export const reviewText = (request?: Readonly<Record<string, unknown>>): string =>
  `${JSON.stringify(review(request))}\n`;
