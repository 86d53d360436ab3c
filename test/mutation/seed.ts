import fc from "fast-check";

// The same mutants fall in every run.
fc.configureGlobal({ seed: 1, numRuns: 25 });
