/** Whether a plain HTTP server answers 200, such as the health check of a controller. */
export const answers = async (url: string): Promise<boolean> => {
  try {
    return (await fetch(url)).status === 200;
  } catch {
    // Nothing listens there yet.
    return false;
  }
};
