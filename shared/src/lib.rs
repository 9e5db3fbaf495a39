//! What both functions use.
