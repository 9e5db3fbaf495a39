//! No customer, however it is built, takes much CPU.

use std::{fs, hint::black_box};

use fixture::{Change, customer};
use serde_json::value::RawValue;

use super::customer::Customer;

/// As long as a message can be.
const LENGTH: usize = 1 << 20;

/// Five times the bound of the contract, 100 ms, since tests are not optimized. Quadratic work would take minutes.
const MAX_CPU_NS: u64 = 500_000_000;

/// The CPU time of this thread in ns, as Linux counts it (`Documentation/scheduler/sched-stats.rst`).
fn cpu_time() -> Option<u64> {
    let stat = fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    stat.split_whitespace().next()?.parse().ok()
}

/// Hostile customers of about this length, each with its name.
fn customers(length: usize) -> [(&'static str, String); 9] {
    let with = |pointer: &str, text: String| customer().with(pointer, text).to_string();
    let raw = |field: String| customer().to_string().replacen('{', &format!("{{{field},"), 1);
    [
        ("words in a name", with("/first_name", "a ".repeat(length / 2))),
        ("blanks", with("/last_name", " ".repeat(length))),
        (
            "a long e-mail",
            with("/email", format!("{}@example.com", "a".repeat(length))),
        ),
        ("many at signs", with("/email", "a@".repeat(length / 2))),
        (
            "many labels",
            with("/email", format!("a@{}com", "a.".repeat(length / 2))),
        ),
        (
            "escapes",
            raw(format!(r#""x":"{}""#, r"\u00e9".repeat(length / 6))),
        ),
        ("escaped keys", raw(vec![r#""\u0078":1"#; length / 11].join(","))),
        ("repeated keys", raw(vec![r#""x":1"#; length / 6].join(","))),
        (
            "nesting",
            raw(format!(
                r#""x":{}{}"#,
                "[".repeat(length / 2),
                "]".repeat(length / 2)
            )),
        ),
    ]
}

/// The least CPU time of several attempts.
fn cost(json: &str) -> Option<u64> {
    let customer: &RawValue = serde_json::from_str(json).unwrap();
    let attempt = || {
        let started = cpu_time()?;
        let _ = black_box(Customer::read(black_box(customer)));
        Some(cpu_time()? - started)
    };
    (0..5).map(|_| attempt()).min().flatten()
}

#[test]
fn hostile_customers_take_little_cpu() {
    for (what, json) in customers(LENGTH) {
        // Another system than Linux does not say.
        let Some(cost) = cost(&json) else { return };
        assert!(cost <= MAX_CPU_NS, "{what}: {cost} ns");
    }
}

#[test]
fn hostile_customers_have_a_verdict() {
    for (what, json) in customers(LENGTH) {
        let customer = RawValue::from_string(json).unwrap();
        let violations = Customer::read(&customer)
            .err()
            .map(|invalid| invalid.violations.to_string());
        let expected = matches!(what, "a long e-mail" | "many at signs" | "many labels")
            .then(|| "email: must be a valid e-mail address".to_owned());
        assert_eq!(violations, expected, "{what}");
    }
}
