/** Whom a request is made as: a bearer token, and the `Impersonate-*` headers where the caller acts as somebody else. */
export interface Caller {
  /** A name for kubeconfig files and messages; the API server only knows the token. */
  readonly name: string;
  readonly token: string;
  readonly impersonate?: Impersonation;
}

/** Whom a caller acts as. Groups and extra that are left out are not those of the user: nobody looks them up. */
export interface Impersonation {
  readonly user: string;
  readonly groups?: readonly string[];
  readonly extra?: Readonly<Record<string, string>>;
}

/** The caller, acting as another user the way a controller does: with `Impersonate-User` and, mostly, nothing else. */
export const actingAs = (caller: Caller, user: string, more: Omit<Impersonation, "user"> = {}): Caller => ({
  ...caller,
  impersonate: { user, ...more },
});
