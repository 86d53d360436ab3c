import type { AdmissionReviewAnswer, Answer, Outcome } from "../../../lib/index.ts";
import type { RegistrationName } from "./registrations.ts";

/** The subjects of the rows, as the page of figures lists them. */
export const classes = [
  "our answers as they are",
  "TestVerifyAdmissionResponse, v1",
  "TestVerifyAdmissionResponse, v1beta1",
  "verification beyond its cases",
  "the answers of the API server's fake webhook",
  "patches",
  "the status of a denial",
  "replies that are not a review",
  "warnings",
  "audit annotations",
] as const;
export type Class = (typeof classes)[number];

/** One answer of a webhook, and the API server's reaction to it. */
export interface Row {
  readonly class: Class;
  /** For the cases of the API server's own tests: their name there. */
  readonly name: string;
  readonly registration: RegistrationName;
  readonly request?: WriteRequest;
  readonly decided?: Decided;
  /** The body that is sent instead of the library's answer. */
  readonly altered?: (answer: AdmissionReviewAnswer) => unknown;
  /** How it is sent; by default with 200, as JSON. */
  readonly reply?: (text: string) => Reply;
  readonly expected: Expected;
}

/** The write that the API server asks the webhook about. By default bob creates a MustacheTemplate that names carl. */
export interface WriteRequest {
  readonly who?: string;
  readonly extra?: Readonly<Record<string, string>>;
  /** An update adds the labels, or what stands in `change`, to an object that was there with the spec. */
  readonly operation?: "CREATE" | "UPDATE" | "DELETE";
  readonly kind?: "MustacheTemplate" | "FeatureFlagSetLD";
  readonly spec?: unknown;
  readonly change?: unknown;
  readonly labels?: Readonly<Record<string, string>>;
  readonly query?: string;
}

/** The inputs of the library's answer. By default these are the Razee preset and a "no" to every question. */
export interface Decided {
  /** Members of the policy. */
  readonly policy?: Readonly<Record<string, unknown>>;
  readonly answer?: Answer;
  /** Changes the text of the review first, into what no API server sends. */
  readonly review?: (text: string) => string;
  /** Changes the written answer into one that no request leads to. */
  readonly outcome?: (outcome: Outcome) => Outcome;
}

/** What comes back over HTTP. */
export interface Reply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Raw bytes instead of an HTTP response. The connection is closed after them. */
  readonly raw?: string;
  readonly afterMilliseconds?: number;
}

/** The result of a write, as its author and the audit log see it. */
export interface Met {
  /** The HTTP status code that the API server answered its client with. */
  readonly code: number;
  /** The identity that the returned object names. */
  readonly identity?: unknown;
  readonly labels?: Readonly<Record<string, string>>;
  /**
   * The `metav1.Status` that came back in place of an object. `{uid}` stands for the review's, `{url}` for the webhook's URL,
   * `{name}` for the object's name, `{scheme}` for a place in the API server's source.
   */
  readonly status?: { readonly message: string; readonly reason?: string; readonly details?: unknown };
  /** The values of the Warning headers as they were sent. */
  readonly warnings: readonly string[];
  /** The webhook's own, without its name. */
  readonly annotations: Readonly<Record<string, string>>;
  /** The API server's own record: whether a mutating webhook changed the object. */
  readonly mutated?: boolean;
  /** The API server's own record: whether the webhook's failure was ignored. */
  readonly failedOpen: boolean;
  /** How many reviews the webhook got. */
  readonly calls: number;
}

/** The expectation of a row. Members that it leaves out are as in `nothing`. */
export type Expected = Pick<Met, "code"> & Partial<Met>;
