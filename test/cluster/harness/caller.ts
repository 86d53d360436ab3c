/** The user of a request: a bearer token, and the `Impersonate-*` headers where the caller acts as another user. */
export interface Caller {
  /** A name for kubeconfig files and messages; the API server only knows the token. */
  readonly name: string;
  readonly token: string;
  readonly impersonate?: Impersonation;
}

/** The identity that a caller impersonates. The API server does not look up groups and extra: those that are left out are empty. */
export interface Impersonation {
  readonly user: string;
  readonly groups?: readonly string[];
  readonly extra?: Readonly<Record<string, string>>;
}

/** The caller, acting as another user as a controller does: with `Impersonate-User` and mostly without other headers. */
export const actingAs = (caller: Caller, user: string, more: Omit<Impersonation, "user"> = {}): Caller => ({
  ...caller,
  impersonate: { user, ...more },
});
