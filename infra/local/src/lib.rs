//! What `make run` starts.
