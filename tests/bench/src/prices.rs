//! AWS's published prices: us-east-1, beyond the free tier, in US dollars, as of June 2026. They are the same in many
//! regions, and higher in some.

/// A GB-second of an arm64 function (aws.amazon.com/lambda/pricing: "Arm Price", first 7.5 billion GB-seconds).
pub(crate) const LAMBDA_GB_SECOND: f64 = 0.000_013_333_4;

/// A million invocations (same source).
pub(crate) const LAMBDA_MILLION_REQUESTS: f64 = 0.20;

/// A million requests to a standard queue, one for each 64 KiB begun of a call (aws.amazon.com/sqs/pricing).
pub(crate) const SQS_MILLION_REQUESTS: f64 = 0.40;

/// Ten thousand calls (aws.amazon.com/secrets-manager/pricing).
pub(crate) const SECRETS_TEN_THOUSAND_CALLS: f64 = 0.05;

/// A secret for a month (same source).
pub(crate) const SECRET_MONTH: f64 = 0.40;

/// A million invocations of a target by a schedule (aws.amazon.com/eventbridge/pricing).
pub(crate) const SCHEDULER_MILLION_CALLS: f64 = 1.00;

/// A million events, of up to 64 KiB, that a pipe takes (same source).
pub(crate) const PIPES_MILLION_EVENTS: f64 = 0.40;

/// A million calls of an API destination (same source).
pub(crate) const API_DESTINATION_MILLION_CALLS: f64 = 0.20;

/// A gigabyte of logs taken in (aws.amazon.com/cloudwatch/pricing: "Vended logs" of Lambda, first 10 TB).
pub(crate) const LOGS_GB: f64 = 0.50;

/// A custom metric for a month, by the hour in which it is sent (same source; first 10,000).
pub(crate) const METRIC_MONTH: f64 = 0.30;

/// A million traces recorded (aws.amazon.com/xray/pricing).
pub(crate) const XRAY_MILLION_TRACES: f64 = 5.00;

/// The memory, in MB, at which a function has one processor (AWS Lambda Developer Guide, "Configure Lambda function
/// memory"). It has less or more of one in proportion.
pub(crate) const MB_OF_ONE_PROCESSOR: f64 = 1769.0;
