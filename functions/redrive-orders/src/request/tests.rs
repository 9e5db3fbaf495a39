use shared::domain::rejection_reason::Reason;

use super::*;

fn parse(input: &str) -> Result<Request, String> {
    Request::parse(&RawValue::from_string(input.to_owned()).unwrap()).map_err(|error| error.to_string())
}

#[test]
fn empty_request_is_a_dry_run_of_everything() {
    let everything = Request {
        action: Action::Redrive,
        reason: None,
        order_date: None,
        customer_id: None,
        limit: None,
        dry_run: true,
    };
    for input in [
        "{}",
        r#"{"action": null, "reason": null, "order_date": null, "customer_id": null, "limit": null, "dry_run": null}"#,
    ] {
        assert_eq!(parse(input).as_ref(), Ok(&everything), "{input}");
    }
}

#[test]
fn every_field_is_read() {
    let request = parse(
        r#"{"action": "discard", "reason": "invalid_customer", "order_date": "2023-10-15T16:30:00+02:00",
            "customer_id": 123, "limit": 100, "dry_run": false}"#,
    )
    .unwrap();
    assert_eq!(request.action, Action::Discard);
    assert_eq!(
        request.reason,
        Some(DeadLetterReason::Rejected(Reason::InvalidCustomer))
    );
    assert_eq!(request.order_date.unwrap().to_string(), "2023-10-15T14:30:00Z");
    assert_eq!(request.customer_id.unwrap().as_str(), "123");
    assert_eq!((request.limit, request.dry_run), (Some(100), false));
}

#[test]
fn every_reason_has_a_name() {
    for reason in DeadLetterReason::ALL {
        let request = parse(&format!(r#"{{"reason": "{}"}}"#, reason.as_str())).unwrap();
        assert_eq!(request.reason, Some(reason));
    }
}

#[test]
fn invalid_field_is_named_with_what_to_send() {
    let reasons =
        "malformed_message, invalid_customer, rejected_by_destination, expired, attempts_used_up, unknown";
    for (input, problem) in [
        ("[]", "it is not a JSON object"),
        ("null", "it is not a JSON object"),
        (r#""redrive""#, "it is not a JSON object"),
        (
            r#"{"action": "delete"}"#,
            r#"action must be "redrive" or "discard""#,
        ),
        (r#"{"action": true}"#, r#"action must be "redrive" or "discard""#),
        (
            r#"{"action": "discard"}"#,
            "reason is missing: a discard needs it",
        ),
        (
            r#"{"action": "discard", "reason": null, "dry_run": false}"#,
            "reason is missing: a discard needs it",
        ),
        (
            r#"{"reason": "bad"}"#,
            &format!("reason must be one of {reasons}"),
        ),
        (r#"{"reason": ""}"#, &format!("reason must be one of {reasons}")),
        (
            r#"{"reason": ["expired"]}"#,
            &format!("reason must be one of {reasons}"),
        ),
        (
            r#"{"order_date": "2023-10-15"}"#,
            "order_date must be an RFC 3339 date and time",
        ),
        (
            r#"{"order_date": 20231015}"#,
            "order_date must be an RFC 3339 date and time",
        ),
        (
            r#"{"customer_id": " "}"#,
            "customer_id must be text or an integer",
        ),
        (
            r#"{"customer_id": ["1"]}"#,
            "customer_id must be text or an integer",
        ),
        (
            r#"{"customer_id": 1.5}"#,
            "customer_id must be text or an integer",
        ),
        (r#"{"limit": -1}"#, "limit must be a whole number of 0 or more"),
        (r#"{"limit": "5"}"#, "limit must be a whole number of 0 or more"),
        (r#"{"dry_run": "no"}"#, "dry_run must be true or false"),
        (r#"{"dry_run": 0}"#, "dry_run must be true or false"),
        (r#"{"dryrun": false}"#, r#"the field "dryrun" is not known"#),
    ] {
        let error = parse(input).unwrap_err();
        assert_eq!(
            error,
            format!(
                "the input of redrive-orders is invalid: {}; send {{}} to report all dead letters. Optional fields: \
                 \"reason\" ({reasons}), \"order_date\" (such as \"2023-10-15T14:30:00Z\"), \"customer_id\", \"limit\" (a \
                 whole number of 0 or more), \"dry_run\" (false to act; the default is true) and \"action\" \
                 (\"redrive\", the default, or \"discard\", which needs a reason)",
                if problem.starts_with("order_date") {
                    "order_date must be an RFC 3339 date and time, such as 2023-10-15T14:30:00Z"
                } else {
                    problem
                }
            ),
            "{input}"
        );
    }
}

#[test]
fn all_problems_are_listed_and_no_value_repeated() {
    let error = parse(
        r#"{"action": "discard", "reason": "Given Family", "order_date": "x", "customer_id": {}, "limit": -1,
            "dry_run": "Given", "all": true}"#,
    )
    .unwrap_err();
    for problem in [
        "reason must be one of",
        "order_date must be",
        "customer_id must be",
        "limit must be",
        "dry_run must be",
        r#"the field "all" is not known"#,
    ] {
        assert!(error.contains(problem), "{problem} is not in: {error}");
    }
    assert!(
        !error.contains("Given") && !error.contains("is missing"),
        "{error}"
    );
}
