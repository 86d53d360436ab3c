import fc from "fast-check";

// The same mutants are killed in every run.
fc.configureGlobal({ seed: 1, numRuns: 25 });
