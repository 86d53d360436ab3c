/** The rooms of the library whose unit tests must tell every change of their code. */
export const rooms = ["meta", "identity", "question", "policy", "decision", "review", "rbac"] as const;
export type Room = (typeof rooms)[number];
