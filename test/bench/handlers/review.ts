/** The least work of an admission webhook with a body. */
export const reviewIn = (body: string) => JSON.parse(body);

/** The answer that allows every object. */
export const allow = (uid: string) => ({
  statusCode: 200,
  headers: { "content-type": "application/json" },
  body: JSON.stringify({
    apiVersion: "admission.k8s.io/v1",
    kind: "AdmissionReview",
    response: { uid, allowed: true },
  }),
});

/** Asks whether the requester may impersonate the user that the object names. */
export const questionIn = ({ request: { userInfo, object } }: ReturnType<typeof reviewIn>) => ({
  apiVersion: "authorization.k8s.io/v1",
  kind: "SubjectAccessReview",
  spec: {
    user: userInfo.username,
    groups: userInfo.groups,
    resourceAttributes: {
      verb: "impersonate",
      group: "",
      version: "v1",
      resource: "users",
      name: object.spec.clusterAuth.impersonateUser,
    },
  },
});
