//! The cost of other systems' faults: a frozen process whose connections are gone, a firewall that blocks single orders,
//! a message that is expensive to process, answers that decompress to far more than was sent.
//!
//! Each binary meets the [`sandbox`] with these faults, in real time. Its messages come from a [`queue`] that keeps to
//! the visibility that the function set, as SQS does.

mod queue;

use std::{
    error::Error,
    path::{Path, PathBuf},
    time::Duration,
};

use fixture::Change;
use sandbox::{Action, Answer, Compression, Endpoint, RawAnswer, Rule, Sandbox, Settings, Then};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{
    batch,
    competitor::{Job, binary},
    customers::{Customers, order_id},
    faults::queue::{BATCH, Queue},
    function::Function,
    sample::float,
    table::markdown,
    tls::Tls,
};

/// How long a queue may take to drain before the rest is given up: a circuit that opens again and again takes minutes.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(600);

/// How long one invocation may take before it counts as endless. The template's time-out is 60 s.
const INVOCATION_TIMEOUT: Duration = Duration::from_secs(120);

/// What one binary made of all faults.
struct Figures {
    name: String,
    freeze: Freeze,
    unblocked: Duration,
    blocked: Blocked,
    hostile: Option<Duration>,
    /// Peak memory in MiB with 20 and with 50 orders in flight.
    peaks: [f64; 2],
}

struct Freeze {
    returned: usize,
    delay: Option<Duration>,
}

struct Blocked {
    /// Until every order that is not blocked is delivered.
    others_after: Option<Duration>,
    /// Messages of such orders that came back, in percent.
    others_returned: f64,
}

/// Measures this build of `submit-orders`, and `before` if it is given, and prints a table.
///
/// # Errors
/// A binary is missing, or its process ended.
pub(crate) async fn measure(before: Option<PathBuf>, tls: &Tls) -> Result<(), Box<dyn Error>> {
    let mut all = Vec::new();
    let before = before.map(|path| ("before", path));
    let now = ("now", PathBuf::from(binary(Job::Submit)));
    for (name, path) in before.into_iter().chain([now]) {
        let path = std::path::absolute(path)?;
        println!("measuring {name}: {}", path.display());
        let figures = Figures {
            name: name.to_owned(),
            freeze: reported("a freeze", freeze(&path, tls)).await?,
            unblocked: reported("1,000 orders", unblocked(&path, tls)).await?,
            blocked: reported("1,000 orders, 1 % blocked", blocked(&path, tls)).await?,
            hostile: reported("a hostile message", hostile(&path, tls)).await?,
            peaks: [
                reported("20 compressed answers", peak_under_bombs(&path, 20, tls)).await?,
                reported("50 compressed answers", peak_under_bombs(&path, 50, tls)).await?,
            ],
        };
        all.push(figures);
    }
    print(&all);
    Ok(())
}

/// Prints that a measurement is done: some take minutes.
async fn reported<T>(
    what: &str,
    measurement: impl Future<Output = Result<T, Box<dyn Error>>>,
) -> Result<T, Box<dyn Error>> {
    let measured = measurement.await.map_err(|error| format!("{what}: {error}"))?;
    println!("measured: {what}");
    Ok(measured)
}

/// A batch after a freeze in which every idle connection died: how many messages come back, and when the last order
/// is delivered.
async fn freeze(path: &Path, tls: &Tls) -> Result<Freeze, Box<dyn Error>> {
    let sandbox = Sandbox::start(Settings::default()).await?;
    let mut function = Function::start_beside(path, &sandbox, 20, tls).await?;
    let customers = Customers::Plain(2 * BATCH as u64);
    // Opens the connections.
    let mut warm_up = Queue::new(customers.clone(), 0..BATCH as u64);
    warm_up.drain(&mut function, DRAIN_TIMEOUT, |_| false).await?;
    sandbox.freeze();
    let mut queue = Queue::new(customers, BATCH as u64..2 * BATCH as u64);
    let delay = queue.drain(&mut function, DRAIN_TIMEOUT, |_| false).await?;
    Ok(Freeze {
        returned: queue.returned(|_| true),
        delay,
    })
}

/// Orders of the measurement with a firewall.
const ORDERS: u64 = 1000;

/// The destination's latency meanwhile.
const LATENCY_MS: u64 = 10;

/// One order of a hundred.
fn is_blocked(number: u64) -> bool {
    number % 100 == 50
}

async fn unblocked(path: &Path, tls: &Tls) -> Result<Duration, Box<dyn Error>> {
    let (_, after) = drained_with(path, Vec::new(), |_| false, tls).await?;
    after.ok_or_else(|| "orders stay on the queue although no fault was set".into())
}

/// A firewall that answers 403 to 1 % of the orders: when all others are delivered.
async fn blocked(path: &Path, tls: &Tls) -> Result<Blocked, Box<dyn Error>> {
    let customers = Customers::Plain(ORDERS);
    let blocked = (0..ORDERS).filter(|number| is_blocked(*number));
    let rules = blocked.filter_map(|number| {
        let order = customers.order(number)?;
        Some(Rule::on(Endpoint::Orders, Answer::status(403)).order(order_id(&order)))
    });
    let (queue, others_after) = drained_with(path, rules.collect(), is_blocked, tls).await?;
    let returned = queue.returned(|number| !is_blocked(number));
    let others = (0..ORDERS).filter(|number| !is_blocked(*number)).count();
    Ok(Blocked {
        others_after,
        others_returned: 100.0 * float(returned as u64) / float(others as u64),
    })
}

async fn drained_with(
    path: &Path,
    mut rules: Vec<Rule>,
    is_ignored: impl Fn(u64) -> bool,
    tls: &Tls,
) -> Result<(Queue, Option<Duration>), Box<dyn Error>> {
    let sandbox = Sandbox::start(Settings::default()).await?;
    rules.push(Rule::on(Endpoint::Orders, Action::Pass).latency_ms(LATENCY_MS));
    sandbox.set_faults(rules);
    let mut function = Function::start_beside(path, &sandbox, 20, tls).await?;
    let mut queue = Queue::new(Customers::Plain(ORDERS), 0..ORDERS);
    let after = queue.drain(&mut function, DRAIN_TIMEOUT, is_ignored).await?;
    Ok((queue, after))
}

/// Words of the name in the hostile message, of one letter each: 117 KiB.
const HOSTILE_WORDS: usize = 59_904;

/// Letters in the destination's answer to it.
const HOSTILE_ANSWER: usize = 60 * 1024;

/// CPU time of a batch of ten, of which one has a name of tens of thousands of words whose letters the destination
/// repeats in its refusal: each word occurs at each place. `None` where it takes too long.
async fn hostile(path: &Path, tls: &Tls) -> Result<Option<Duration>, Box<dyn Error>> {
    const ORDINARY: u64 = 9;
    let sandbox = Sandbox::start(Settings::default()).await?;
    let refusal = Answer::status(422).body("text/plain", "a".repeat(HOSTILE_ANSWER));
    sandbox.set_faults([Rule::on(Endpoint::Orders, refusal).customer("hostile")]);
    let mut function = Function::start_beside(path, &sandbox, 20, tls).await?;
    let customers = Customers::Plain(2 * ORDINARY);
    // Connections, the token, and the first use of everything.
    let mut warm_up = Queue::new(customers.clone(), 0..ORDINARY);
    warm_up.drain(&mut function, DRAIN_TIMEOUT, |_| false).await?;

    let ordinary = (ORDINARY..2 * ORDINARY).map(|index| customers.message(index));
    let event = batch::event_of((0..).zip(ordinary.chain([hostile_message()])));
    let before = function.account().await?;
    let invocation = async {
        function.invoke(event).await?;
        function.account().await
    };
    match tokio::time::timeout(INVOCATION_TIMEOUT, invocation).await {
        Ok(after) => Ok(Some(after?.cpu.saturating_sub(before.cpu))),
        Err(_) => Ok(None),
    }
}

fn hostile_message() -> String {
    let customer = fixture::customer_with_id("hostile").with("/first_name", "a ".repeat(HOSTILE_WORDS));
    fixture::message(&customer)
}

/// What each compressed answer decompresses to.
const BOMB_BYTES: u64 = 64 << 20;

/// Peak memory, in MiB, when each of `in_flight` orders at once gets a compressed answer.
async fn peak_under_bombs(path: &Path, in_flight: u64, tls: &Tls) -> Result<f64, Box<dyn Error>> {
    let sandbox = Sandbox::start(Settings::default()).await?;
    let bomb = recorded_bomb(&sandbox).await?;
    // With the latency, they come at the same time.
    sandbox.set_faults([Rule::on(Endpoint::Orders, bomb).latency_ms(100)]);
    let mut function = Function::start_beside(path, &sandbox, in_flight, tls).await?;
    let customers = Customers::Plain(in_flight);
    let event = batch::event(&customers, 0, in_flight);
    tokio::time::timeout(INVOCATION_TIMEOUT, function.invoke(event)).await??;
    Ok(float(function.peak_kib()?) / 1024.0)
}

/// A compressed answer as bytes: compressing it for each order would take longer than the measurement.
async fn recorded_bomb(sandbox: &Sandbox) -> Result<RawAnswer, Box<dyn Error>> {
    let bomb = Action::bomb(Compression::Brotli, BOMB_BYTES);
    sandbox.set_faults([Rule::on(Endpoint::Customers, bomb)]);
    let address = sandbox.base_url();
    let mut stream = TcpStream::connect(address.trim_start_matches("http://")).await?;
    let request = format!(
        "GET /customers HTTP/1.1\r\nhost: sandbox\r\n{}: {}\r\nconnection: close\r\n\r\n",
        sandbox.settings().api_key_header,
        sandbox.settings().api_key
    );
    stream.write_all(request.as_bytes()).await?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await?;
    Ok(RawAnswer::new(bytes).then(Then::Close))
}

fn print(all: &[Figures]) {
    let mut header = vec![String::new()];
    header.extend(all.iter().map(|figures| figures.name.clone()));
    let mut table = markdown(header);
    let mut row = |what: &str, cell: &dyn Fn(&Figures) -> String| {
        let mut cells = vec![what.to_owned()];
        cells.extend(all.iter().map(cell));
        table.add_row(cells);
    };
    row("after a freeze: messages of 100 that come back", &|figures| {
        figures.freeze.returned.to_string()
    });
    row("after a freeze: all 100 orders delivered after, s", &|figures| {
        seconds(figures.freeze.delay, DRAIN_TIMEOUT)
    });
    row("1,000 orders, none blocked: delivered after, s", &|figures| {
        seconds(Some(figures.unblocked), DRAIN_TIMEOUT)
    });
    row(
        "1 % blocked by a 403: the others delivered after, s",
        &|figures| seconds(figures.blocked.others_after, DRAIN_TIMEOUT),
    );
    row(
        "1 % blocked by a 403: messages of the others that come back, %",
        &|figures| format!("{:.1}", figures.blocked.others_returned),
    );
    row(
        "a name of 117 KiB whose letters the destination repeats: CPU of its batch, s",
        &|figures| seconds(figures.hostile, INVOCATION_TIMEOUT),
    );
    for (at, orders) in [20, 50].into_iter().enumerate() {
        let what = format!("{orders} answers at once of 64 MiB, compressed: peak memory, MiB");
        row(&what, &|figures| {
            let peak = figures.peaks.get(at).copied().unwrap_or_default();
            format!("{peak:.1}")
        });
    }
    println!("\n{table}");
}

fn seconds(time: Option<Duration>, limit: Duration) -> String {
    match time {
        Some(time) => format!("{:.3}", time.as_secs_f64()),
        None => format!("> {}", limit.as_secs()),
    }
}
