//! Suites that are read and run with rules that need no plugin.
