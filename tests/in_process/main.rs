//! Tests of both functions in this process.
