//! Random faults, requests and redeliveries, by seed: what always holds.

use std::{
    collections::HashSet,
    sync::{
        Arc, LazyLock,
        atomic::{AtomicBool, Ordering},
    },
};

use super::*;

const SEEDS: u64 = 200;

const REASONS: [Option<&str>; 4] = [None, Some("invalid_customer"), Some("expired"), Some("by hand")];

struct Letter {
    body: String,
    reason: Option<&'static str>,
    order_date: String,
    customer_id: u32,
}

/// What became of the letters of one seed. Each world is run once, and each test checks one property of all worlds.
struct World {
    seed: u64,
    letters: Vec<Letter>,
    requests: Vec<Value>,
    /// The answer to each request.
    answers: Vec<Result<Value, String>>,
    /// How long the function may take, and how long the slower answer took.
    timeout: Duration,
    elapsed: Duration,
    /// Whether SQS delivered some letters again while they were hidden.
    redelivered: bool,
    /// Whether the answer to a receive was lost: its letters are hidden until the deadline, unknown to the function.
    lost_a_receive: bool,
    /// The customer queue and the dead-letter queue when the last answer arrived.
    queued: Vec<StoredMessage>,
    dead: HashSet<String>,
    all_visible_at_the_answer: bool,
    all_visible_after_the_deadline: bool,
}

static WORLDS: LazyLock<Vec<World>> = LazyLock::new(|| {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let run = |seed| {
        let runtime = runtime.enable_all().start_paused(true).build().unwrap();
        runtime.block_on(World::run(seed))
    };
    (0..SEEDS).map(run).collect()
});

fn letters(random: &mut fastrand::Rng) -> Vec<Letter> {
    (0..random.usize(0..100))
        .map(|id| {
            let order_date = format!("2023-10-{:02}T14:30:00Z", random.u8(1..=3));
            let customer_id = random.u32(..10);
            // The id makes the bodies different; some are large.
            let is_large = random.u8(..100) == 0;
            let note = "x".repeat(if is_large { random.usize(..400_000) } else { 0 });
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

fn matches(request: &Value, letter: &Letter) -> bool {
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
/// Whether the answer to a receive was lost, by the end.
fn inject_faults(aws: &Aws, random: &mut fastrand::Rng) -> Arc<AtomicBool> {
    let lost_a_receive = Arc::new(AtomicBool::new(false));
    let (mut latency, mut dice, percent) = (random.fork(), random.fork(), random.u8(..=30));
    let max_latency_ms = [10, 100, 1_000][random.usize(..3)];
    aws.set_latency(move || Duration::from_millis(latency.u64(..max_latency_ms)));
    let lost = lost_a_receive.clone();
    aws.set_faults(move |call| {
        if dice.u8(..100) >= percent {
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
async fn redeliver(aws: &Aws, mut random: fastrand::Rng) {
    loop {
        tokio::time::sleep(Duration::from_millis(random.u64(50..2_000))).await;
        aws.queues(|queues| {
            for letter in queues.messages(DEAD_LETTER_QUEUE_URL) {
                if random.u8(..20) == 0 {
                    // Those that are not in flight cannot be made visible.
                    let _ = queues.change_visibility(
                        DEAD_LETTER_QUEUE_URL,
                        &letter.receipt_handle(),
                        Duration::ZERO,
                    );
                }
            }
        });
    }
}

fn all_dead_letters_are_visible(aws: &Aws) -> bool {
    let letters = on(aws, DEAD_LETTER_QUEUE_URL);
    letters.iter().all(|letter| letter.visible_at <= Instant::now())
}

impl World {
    async fn run(seed: u64) -> Self {
        fastrand::seed(seed);
        let mut random = fastrand::Rng::with_seed(seed);
        let aws = account();
        let letters = letters(&mut random);
        for letter in &letters {
            add_dead_letter(&aws, &letter.body, letter.reason);
        }
        let lost_a_receive = inject_faults(&aws, &mut random);
        let chance = random.fork();
        aws.queues(|queues| queues.by_chance = Some(chance));
        let requests: Vec<Value> = (0..random.u8(1..=2)).map(|_| request(&mut random)).collect();
        let timeout = Duration::from_secs([5, 30, 900][random.usize(..3)]);
        let started = Instant::now();
        let handler = redrive_orders(&aws);
        let all = requests
            .iter()
            .map(|request| invoke(&handler, request.clone(), timeout));
        let redelivered = random.bool();
        let answers = tokio::select! {
            answers = futures::future::join_all(all) => answers,
            () = redeliver(&aws, random.fork()), if redelivered => unreachable!(),
        };
        let elapsed = started.elapsed();
        let all_visible_at_the_answer = all_dead_letters_are_visible(&aws);
        let (queued, dead) = (on(&aws, QUEUE_URL), on(&aws, DEAD_LETTER_QUEUE_URL));
        tokio::time::sleep_until(started + timeout + REPEATS).await;
        Self {
            seed,
            letters,
            requests,
            answers,
            timeout,
            elapsed,
            redelivered,
            lost_a_receive: lost_a_receive.load(Ordering::Relaxed),
            queued,
            dead: dead.into_iter().map(|letter| letter.body).collect(),
            all_visible_at_the_answer,
            all_visible_after_the_deadline: all_dead_letters_are_visible(&aws),
        }
    }

    fn queued_bodies(&self) -> HashSet<&str> {
        self.queued.iter().map(|message| &*message.body).collect()
    }

    /// Whether a request was to do this with a letter.
    fn is_asked_to(&self, action: &str, letter: &Letter) -> bool {
        self.requests.iter().any(|request| {
            let named = request["action"].as_str().unwrap_or("redrive");
            request["dry_run"] == false && named == action && matches(request, letter)
        })
    }

    /// How many letters are on neither queue.
    fn gone(&self) -> u64 {
        let queued = self.queued_bodies();
        let is_gone = |letter: &&Letter| !queued.contains(&*letter.body) && !self.dead.contains(&letter.body);
        self.letters.iter().filter(is_gone).count() as u64
    }

    fn summaries(&self) -> impl Iterator<Item = &Value> {
        self.answers.iter().flatten()
    }

    fn sum(&self, field: &str) -> u64 {
        self.summaries().map(|summary| number(summary, field)).sum()
    }

    fn description(&self) -> String {
        format!("seed {}, {:?}, {:?}", self.seed, self.requests, self.answers)
    }
}

#[test]
fn dead_letter_is_never_lost() {
    for world in &*WORLDS {
        let queued = world.queued_bodies();
        for letter in &world.letters {
            let is_there = queued.contains(&*letter.body) || world.dead.contains(&letter.body);
            let is_discarded = world.is_asked_to("discard", letter);
            assert!(is_there || is_discarded, "{}", world.description());
        }
    }
}

#[test]
fn only_matching_letters_are_redriven() {
    for world in &*WORLDS {
        let queued = world.queued_bodies();
        for letter in &world.letters {
            let is_asked_for = world.is_asked_to("redrive", letter);
            assert!(
                !queued.contains(&*letter.body) || is_asked_for,
                "{}",
                world.description()
            );
        }
    }
}

#[test]
fn redriven_copies_have_no_attributes() {
    for world in &*WORLDS {
        let mut queued = world.queued.iter();
        assert!(
            queued.all(|message| message.attributes.is_empty()),
            "{}",
            world.description()
        );
    }
}

#[test]
fn limit_is_never_exceeded() {
    for world in &*WORLDS {
        let limit = |request: &Value| request["limit"].as_u64().unwrap_or(u64::MAX / 2);
        let total: u64 = world.requests.iter().map(limit).sum();
        assert!(world.gone() <= total, "{}", world.description());
        for (request, answer) in world.requests.iter().zip(&world.answers) {
            let matched = answer.as_ref().map(|summary| number(summary, "matched"));
            assert!(
                matched.unwrap_or_default() <= limit(request),
                "{}",
                world.description()
            );
        }
    }
}

#[test]
fn summary_claims_no_more_than_was_done() {
    for world in &*WORLDS {
        let queued = world.queued.len() as u64;
        assert!(world.sum("redriven") <= queued, "{}", world.description());
        // SQS confirms a delete whose receipt is not the last one, and does nothing.
        let is_true = world.redelivered || world.sum("discarded") <= world.gone() + queued;
        assert!(is_true, "{}", world.description());
    }
}

#[test]
fn dead_letter_is_examined_once() {
    for world in &*WORLDS {
        for summary in world.summaries() {
            let examined = number(summary, "examined");
            assert!(examined <= world.letters.len() as u64, "{}", world.description());
        }
    }
}

#[test]
fn answer_arrives_before_the_deadline() {
    for world in &*WORLDS {
        assert!(world.elapsed < world.timeout, "{}", world.description());
    }
}

#[test]
fn dead_letters_are_visible_unless_reported_hidden() {
    let mut checked = 0;
    for world in &*WORLDS {
        let is_all_reported = world.answers.iter().all(Result::is_ok) && world.sum("hidden") == 0;
        if is_all_reported && !world.redelivered && !world.lost_a_receive {
            assert!(world.all_visible_at_the_answer, "{}", world.description());
            checked += 1;
        }
    }
    assert!(checked > 10, "{checked}");
}

#[test]
fn dead_letters_are_visible_after_the_deadline() {
    for world in &*WORLDS {
        assert!(world.all_visible_after_the_deadline, "{}", world.description());
    }
}

#[test]
fn worlds_include_every_outcome() {
    let count = |of: &dyn Fn(&World) -> u64| WORLDS.iter().map(of).sum::<u64>();
    let errors = count(&|world| world.answers.iter().filter(|answer| answer.is_err()).count() as u64);
    let incomplete = count(&|world| {
        let incomplete = world.summaries().filter(|summary| summary["complete"] == false);
        incomplete.count() as u64
    });
    let undeleted = count(&|world| world.sum("undeleted"));
    let discarded = count(&|world| world.sum("discarded"));
    let queued_twice = count(&|world| (world.queued.len() - world.queued_bodies().len()) as u64);
    let counts = [errors, incomplete, undeleted, discarded, queued_twice];
    assert!(counts.iter().all(|count| *count > 0), "{counts:?}");
}
