//! Mutants of suites whose rules need no plugin.
