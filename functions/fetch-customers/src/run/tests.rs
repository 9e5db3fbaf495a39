use super::*;

fn parse(input: &str) -> Result<Run, String> {
    Run::parse(&RawValue::from_string(input.to_owned()).unwrap()).map_err(|error| error.to_string())
}

#[test]
fn run_with_only_an_order_date_is_parsed() {
    let run = parse(r#"{"order_date": "2023-10-15T14:30:00Z"}"#).unwrap();
    assert_eq!(run.order_date.to_string(), "2023-10-15T14:30:00Z");
    assert_eq!((run.customer_ids, run.limit, run.dry_run), (None, None, false));
}

#[test]
fn run_with_all_fields_is_parsed() {
    let run = parse(
        r#"{"order_date": "2023-10-15T16:30:00+02:00", "customer_ids": ["123", 456], "limit": 0, "dry_run": true}"#,
    )
    .unwrap();
    let mut ids: Vec<String> = run
        .customer_ids
        .unwrap()
        .iter()
        .map(ToString::to_string)
        .collect();
    ids.sort();
    assert_eq!(ids, ["123", "456"]);
    assert_eq!((run.limit, run.dry_run), (Some(0), true));
}

#[test]
fn null_in_an_optional_field_is_absent() {
    let input =
        r#"{"order_date": "2023-10-15T14:30:00Z", "customer_ids": null, "limit": null, "dry_run": null}"#;
    assert_eq!(parse(input), parse(r#"{"order_date": "2023-10-15T14:30:00Z"}"#));
}

#[test]
fn continuation_keeps_input_and_progress() {
    let run = parse(
        r#"{"order_date": "2023-10-15T14:30:00Z", "customer_ids": ["a", 2], "limit": 10, "dry_run": true,
            "totals": {"invocations": 3, "pages": 2}}"#,
    )
    .unwrap();
    assert_eq!(run.progress().pages, 2);
    let progress = Progress {
        pages: 7,
        fetched: 20,
        enqueued: 3,
        skipped: 15,
        rejected: 2,
        repeated: 1,
        missing_customer_ids: Some(["2".to_owned()].into()),
        elapsed_ms: 99,
    };
    let remainder = Remainder {
        page_url: "https://source.example.com/?page=8".parse().unwrap(),
        limit: Some(6),
    };
    let mut findings = run.findings().unwrap();
    findings.check(20, &RawValue::from_string("[]".to_owned()).unwrap());
    let next = parse(&run.continuation(&remainder, &progress, Some(&findings))).unwrap();
    assert_eq!(
        (&next.page_url, next.limit),
        (&Some(remainder.page_url), remainder.limit)
    );
    assert_eq!(next.totals.invocations, 4);
    assert_eq!((next.order_date, next.dry_run), (run.order_date, true));
    assert_eq!(next.customer_ids, run.customer_ids);
    assert_eq!(next.progress(), progress);
    assert_eq!(next.findings(), Some(findings));
}

#[test]
fn invalid_field_is_named_with_an_example() {
    for (input, problem) in [
        ("{}", "order_date is missing"),
        ("[]", "it is not a JSON object"),
        (r#""2023-10-15T14:30:00Z""#, "it is not a JSON object"),
        (
            r#"{"order_date": null}"#,
            "order_date must be an RFC 3339 date and time",
        ),
        (
            r#"{"order_date": "15/10/2023"}"#,
            "order_date must be an RFC 3339 date and time",
        ),
        (
            r#"{"order_date": "<aws.scheduler.scheduled-time>"}"#,
            "order_date must be an RFC 3339 date and time",
        ),
        (
            r#"{"order_date": "2023-10-15T14:30:00Z", "limit": -5}"#,
            "limit must be a whole number of 0 or more",
        ),
        (
            r#"{"order_date": "2023-10-15T14:30:00Z", "limit": "5"}"#,
            "limit must be a whole number of 0 or more",
        ),
        (
            r#"{"order_date": "2023-10-15T14:30:00Z", "dry_run": "yes"}"#,
            "dry_run must be true or false",
        ),
        (
            r#"{"order_date": "2023-10-15T14:30:00Z", "customer_ids": []}"#,
            "customer_ids must be a list",
        ),
        (
            r#"{"order_date": "2023-10-15T14:30:00Z", "customer_ids": "123"}"#,
            "customer_ids must be a list",
        ),
        (
            r#"{"order_date": "2023-10-15T14:30:00Z", "customer_ids": [1.5]}"#,
            "customer_ids must be a list",
        ),
        (
            r#"{"order_date": "2023-10-15T14:30:00Z", "page_url": "?page=2"}"#,
            "page_url must be the whole URL",
        ),
        (
            r#"{"order_date": "2023-10-15T14:30:00Z", "totals": {"pages": -1}}"#,
            "totals is only for the function itself",
        ),
        (
            r#"{"order_date": "2023-10-15T14:30:00Z", "totals": {"pagez": 1}}"#,
            "totals is only for the function itself",
        ),
        (
            r#"{"order_date": "2023-10-15T14:30:00Z", "dryrun": true}"#,
            r#"the field "dryrun" is not known"#,
        ),
    ] {
        let error = parse(input).unwrap_err();
        assert!(error.contains(problem), "{input}: {error}");
        assert!(
            error.contains(r#"send {"order_date": "2023-10-15T14:30:00Z"}"#),
            "{error}"
        );
    }
}

#[test]
fn all_invalid_fields_are_listed() {
    let error = parse(r#"{"limit": -1, "dry_run": 1, "customer_ids": {}, "date": ""}"#).unwrap_err();
    for problem in [
        "order_date is missing",
        "limit must",
        "dry_run must",
        "customer_ids must",
        "\"date\" is not",
    ] {
        assert!(error.contains(problem), "{problem} is not in: {error}");
    }
}

#[test]
fn every_field_that_may_be_sent_is_named() {
    let error = parse("{}").unwrap_err();
    for field in ["order_date", "customer_ids", "limit", "dry_run", "page_url"] {
        assert!(
            error.contains(&format!("\"{field}\"")),
            "{field} is not in: {error}"
        );
    }
}
