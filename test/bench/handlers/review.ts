/** As little as an admission webhook can do with a body. */
export const reviewIn = (body: string) => JSON.parse(body);

/** The answer that lets everything pass. */
export const allow = (uid: string) => ({
  statusCode: 200,
  headers: { "content-type": "application/json" },
  body: JSON.stringify({
    apiVersion: "admission.k8s.io/v1",
    kind: "AdmissionReview",
    response: { uid, allowed: true },
  }),
});

/** Whether the requester may impersonate the user that the object names, nothing else considered. */
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
