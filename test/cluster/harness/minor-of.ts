/** The minor of a version of Kubernetes: 37 of `v1.37.2`. */
export const minorOf = (version: string): number => Number(version.split(".")[1]);
