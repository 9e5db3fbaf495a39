//! The one statement that rules consist of.

/// Ends a rule with an error, unless the condition holds.
macro_rules! ensure {
    ($condition:expr, $($what:tt)+) => {
        if !$condition {
            return Err(format!($($what)+));
        }
    };
}
pub(super) use ensure;
