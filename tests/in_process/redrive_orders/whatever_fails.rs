//! Whatever fails, every dead letter is a dead letter, or on the queue, or discarded on purpose.

use std::{
    cell::RefCell,
    collections::HashSet,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use super::*;

/// How many worlds there are.
const SEEDS: u64 = 200;

const REASONS: [Option<&str>; 4] = [None, Some("invalid_customer"), Some("expired"), Some("by hand")];

struct Letter {
    body: String,
    reason: Option<&'static str>,
    order_date: String,
    customer_id: u32,
}

fn letters(random: &mut fastrand::Rng) -> Vec<Letter> {
    (0..random.usize(0..100))
        .map(|id| {
            let order_date = format!("2023-10-{:02}T14:30:00Z", random.u8(1..=3));
            let customer_id = random.u32(..10);
            // The id makes each body another one; some are large.
            let note = "x".repeat(if random.u8(..100) == 0 {
                random.usize(..400_000)
            } else {
                0
            });
            let customer = fixture::only_id(customer_id)
                .with("/unique", id)
                .with("/note", note);
            Letter {
                body: json!({"order_date": order_date, "customer": customer}).to_string(),
                reason: REASONS[random.usize(..4)],
                order_date,
                customer_id,
            }
        })
        .collect()
}

fn request(random: &mut fastrand::Rng) -> Value {
    let mut request = json!({"dry_run": random.u8(..5) == 0});
    let discard = random.u8(..3) == 0;
    if discard {
        request["action"] = json!("discard");
    }
    if discard || random.bool() {
        request["reason"] =
            json!(["attempts_used_up", "invalid_customer", "expired", "unknown"][random.usize(..4)]);
    }
    if random.u8(..4) == 0 {
        request["order_date"] = json!("2023-10-02T14:30:00Z");
    }
    if random.u8(..4) == 0 {
        request["customer_id"] = json!(random.u32(..10));
    }
    if random.u8(..4) == 0 {
        request["limit"] = json!(random.u32(..40));
    }
    request
}

fn is_about(request: &Value, letter: &Letter) -> bool {
    let reason = match letter.reason {
        None => "attempts_used_up",
        Some("by hand") => "unknown",
        Some(reason) => reason,
    };
    let wants = |field: &str, value: Value| request[field].is_null() || request[field] == value;
    wants("reason", json!(reason))
        && wants("order_date", json!(letter.order_date))
        && wants("customer_id", json!(letter.customer_id))
}

/// # Returns
/// Whether an answer to a receive was lost: what it brought is hidden until the deadline, and nobody knows.
fn spoil(aws: &Aws, random: &mut fastrand::Rng) -> Arc<AtomicBool> {
    let lost_a_receive = Arc::new(AtomicBool::new(false));
    let (mut latency, mut dice, trouble) = (random.fork(), random.fork(), random.u8(..=30));
    let longest = [10, 100, 1_000][random.usize(..3)];
    aws.set_latency(move || Duration::from_millis(latency.u64(..longest)));
    let lost = lost_a_receive.clone();
    aws.set_faults(move |call| {
        if dice.u8(..100) >= trouble {
            return None;
        }
        let fault = match dice.u8(..7) {
            0 => Fault::Refuse(500, "InternalFailure"),
            1 => Fault::Refuse(403, "RequestThrottled"),
            2 if dice.u8(..5) == 0 => Fault::Refuse(400, "AccessDeniedException"),
            3 => Fault::Hang,
            4 => Fault::LoseAnswer,
            5 => Fault::CutAnswer,
            _ => Fault::FailEntries {
                entries: (0..10).filter(|_| dice.bool()).collect(),
                sender_fault: dice.bool(),
            },
        };
        if call.action == "ReceiveMessage" && matches!(fault, Fault::LoseAnswer | Fault::CutAnswer) {
            lost.store(true, Ordering::Relaxed);
        }
        Some(fault)
    });
    lost_a_receive
}

/// SQS delivers at least once.
async fn deliver_again(aws: &Aws, mut random: fastrand::Rng) {
    loop {
        tokio::time::sleep(Duration::from_millis(random.u64(50..2_000))).await;
        aws.queues(|queues| {
            for letter in queues.messages(DEAD_LETTER_QUEUE_URL) {
                if random.u8(..20) == 0 {
                    // Those that are not in flight cannot be made visible.
                    let _ = queues.hide(DEAD_LETTER_QUEUE_URL, &letter.receipt_handle(), Duration::ZERO);
                }
            }
        });
    }
}

#[derive(Debug, Default)]
struct DuplicateFilter {
    errors: u64,
    incomplete: u64,
    undeleted: u64,
    discarded: u64,
    twice: u64,
}

async fn tell(seed: u64, seen: &RefCell<DuplicateFilter>) {
    fastrand::seed(seed);
    let mut random = fastrand::Rng::with_seed(seed);
    let aws = account();
    let letters = letters(&mut random);
    for letter in &letters {
        lay_down(&aws, &letter.body, letter.reason);
    }
    let lost_a_receive = spoil(&aws, &mut random);
    let chance = random.fork();
    aws.queues(|queues| queues.by_chance = Some(chance));
    let requests: Vec<Value> = (0..random.u8(1..=2)).map(|_| request(&mut random)).collect();
    let time = Duration::from_secs([5, 30, 900][random.usize(..3)]);
    let began = Instant::now();
    let handler = redrive_orders(&aws);
    let all = futures::future::join_all(
        requests
            .iter()
            .map(|request| invoke(&handler, request.clone(), time)),
    );
    let again = random.bool();
    let answers = tokio::select! {
        answers = all => answers,
        () = deliver_again(&aws, random.fork()), if again => unreachable!(),
    };
    let what = format!("seed {seed}, {requests:?}, {answers:?}");
    assert!(began.elapsed() < time, "{what}");

    let (queued, dead) = (on(&aws, QUEUE_URL), on(&aws, DEAD_LETTER_QUEUE_URL));
    let bodies_of = |messages: &[StoredMessage]| -> HashSet<String> {
        messages.iter().map(|message| message.body.clone()).collect()
    };
    let (on_queue, are_dead) = (bodies_of(&queued), bodies_of(&dead));
    let acts = |action: &str, letter: &Letter| {
        requests.iter().any(|request| {
            let named = request["action"].as_str().unwrap_or("redrive");
            request["dry_run"] == false && named == action && is_about(request, letter)
        })
    };
    let mut gone = 0;
    for letter in &letters {
        let (queued, dead) = (on_queue.contains(&letter.body), are_dead.contains(&letter.body));
        assert!(queued || dead || acts("discard", letter), "lost: {what}");
        assert!(
            !queued || acts("redrive", letter),
            "redriven without being asked for: {what}"
        );
        gone += usize::from(!queued && !dead);
    }
    assert_eq!(
        queued
            .iter()
            .filter(|message| !message.attributes.is_empty())
            .count(),
        0
    );
    let limits: u64 = requests
        .iter()
        .map(|request| request["limit"].as_u64().unwrap_or(u64::MAX / 2))
        .sum();
    assert!(gone as u64 <= limits, "more than the limit: {what}");

    let done: Vec<&Value> = answers.iter().flatten().collect();
    let sum = |field: &str| done.iter().map(|summary| number(summary, field)).sum::<u64>();
    assert!(sum("redriven") <= queued.len() as u64, "{what}");
    // SQS confirms a delete whose receipt is not the last one, and does nothing.
    assert!(
        again || sum("discarded") <= gone as u64 + queued.len() as u64,
        "{what}"
    );
    for (request, summary) in requests.iter().zip(&answers) {
        if let Ok(summary) = summary {
            assert!(
                number(summary, "examined") <= letters.len() as u64,
                "counted twice: {what}"
            );
            assert!(
                summary["matched"].as_u64() <= request["limit"].as_u64().or(Some(u64::MAX)),
                "{what}"
            );
        }
    }
    // Whoever is told nothing of hidden ones finds all of them.
    let told = done.len() == answers.len() && sum("hidden") == 0 && !again;
    if told && !lost_a_receive.load(Ordering::Relaxed) {
        visible_dead_letters(&aws);
    }
    tokio::time::sleep_until(began + time + REPEATS).await;
    visible_dead_letters(&aws);

    let mut seen = seen.borrow_mut();
    seen.errors += (answers.len() - done.len()) as u64;
    seen.incomplete += done.iter().filter(|summary| summary["complete"] == false).count() as u64;
    seen.undeleted += sum("undeleted");
    seen.discarded += sum("discarded");
    seen.twice += (queued.len() - on_queue.len()) as u64;
}

#[tokio::test(start_paused = true)]
async fn whatever_fails_every_dead_letter_is_one_or_on_the_queue_or_discarded_on_purpose() {
    let seen = RefCell::default();
    for seed in 0..SEEDS {
        tell(seed, &seen).await;
    }
    let DuplicateFilter {
        errors,
        incomplete,
        undeleted,
        discarded,
        twice,
    } = seen.into_inner();
    let all = [errors, incomplete, undeleted, discarded, twice];
    assert!(all.iter().all(|count| *count > 0), "{all:?}");
}
