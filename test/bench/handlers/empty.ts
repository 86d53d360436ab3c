/** The cost that every function has. */
export const handler = async () => ({});
