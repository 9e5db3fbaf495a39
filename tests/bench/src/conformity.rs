//! Whether a competitor does the job, before it is measured: every variant of a valid and of an invalid customer, and the
//! destination's main answers. The function itself passes the same check.

use std::{collections::HashMap, error::Error};

use bytes::Bytes;
use http::{HeaderValue, StatusCode};
use sandbox::{Customer, customers::generate};
use thiserror::Error;

use crate::{
    batch::{event_of, message_id},
    competitor::{Competitor, Job},
    customers::{Customers, order_id},
    fetch,
    function::Function,
    tls::Tls,
    verify,
    world::{DeadLetter, Source},
};

/// Customers of the sandbox: one of 33 is invalid, in one of 12 ways by turns.
const CUSTOMERS: u64 = 12 * 33;

/// Messages of one invocation.
const BATCH: usize = 100;

/// The destination's status for some valid orders, by the index of the customer.
const ANSWERS: [(usize, StatusCode); 3] = [
    // The order exists: done.
    (1, StatusCode::CONFLICT),
    // Rejected: a dead letter.
    (2, StatusCode::UNPROCESSABLE_ENTITY),
    // Transient: it stays on the queue.
    (3, StatusCode::SERVICE_UNAVAILABLE),
];

/// A difference from the contract.
#[derive(Debug, Error)]
enum Differs {
    #[error("the dead letters are of {found:?}, not of {expected:?}")]
    DeadLetters {
        found: Vec<(String, String)>,
        expected: Vec<(String, String)>,
    },
    #[error("{0} tokens were requested where one was enough")]
    Tokens(u64),
    #[error("the sandbox's customers at the places 1 to 3 must be valid for this check")]
    Fixture,
}

/// Checks one competitor at one job.
///
/// # Errors
/// It failed, or does something else.
pub(crate) async fn check(competitor: Competitor, job: Job, tls: &Tls) -> Result<(), Box<dyn Error>> {
    let customers = generate(CUSTOMERS, 7);
    match job {
        Job::Fetch => {
            let customers = Customers::Given(customers.into());
            fetch::measure(competitor, fetch::Setting::array(customers), tls).await?;
            Ok(())
        }
        Job::Submit => submit(competitor, customers, tls).await,
    }
}

async fn submit(competitor: Competitor, made_up: Vec<Customer>, tls: &Tls) -> Result<(), Box<dyn Error>> {
    let customers = Customers::Given(made_up.clone().into());
    let mut function = Function::start(competitor, Job::Submit, Source::default(), tls, true).await?;
    let statuses = ANSWERS.iter().map(|(at, status)| {
        let order = customers.order(*at as u64).ok_or(Differs::Fixture)?;
        Ok((HeaderValue::from_str(order_id(&order))?, *status))
    });
    let statuses: HashMap<_, _> = statuses.collect::<Result<_, Box<dyn Error>>>()?;
    function.remotes().destination.set_statuses(statuses);

    let mut answers = Vec::new();
    for event in events(&customers) {
        answers.push(function.invoke(event).await?);
    }
    function.account().await?;

    for (at, answer) in answers.iter().enumerate() {
        let kept = if at == 0 { vec![message_id(3)] } else { vec![] };
        verify::keeps(answer, &kept)?;
    }
    let remotes = function.remotes();
    verify::orders(&remotes.destination.take_posted(), &customers, 0..CUSTOMERS)?;
    let expected = expected_letters(&customers, &made_up);
    let found = letters(remotes.aws.take_dead_letters());
    if found != expected {
        return Err(Differs::DeadLetters { found, expected }.into());
    }
    match remotes.token.granted() {
        1 => Ok(()),
        granted => Err(Differs::Tokens(granted).into()),
    }
}

/// All customers, and a malformed message.
fn events(customers: &Customers) -> Vec<Bytes> {
    let messages = (0..CUSTOMERS).map(|index| (index, customers.message(index)));
    let mut messages: Vec<_> = messages.collect();
    messages.push((CUSTOMERS, MALFORMED.to_owned()));
    messages
        .chunks(BATCH)
        .map(|batch| event_of(batch.iter().cloned()))
        .collect()
}

const MALFORMED: &str = "hello";

/// The body of each expected dead letter, with its reason.
fn expected_letters(customers: &Customers, made_up: &[Customer]) -> Vec<(String, String)> {
    let mut letters = vec![(MALFORMED.to_owned(), "malformed_message".to_owned())];
    for (index, customer) in (0..).zip(made_up) {
        let reason = match &customer.expected {
            sandbox::Expected::Rejected { reason, .. } => reason,
            sandbox::Expected::Order(_) if index == 2 => "rejected_by_destination",
            sandbox::Expected::Order(_) => continue,
        };
        letters.push((customers.message(index), reason.to_owned()));
    }
    letters.sort();
    letters
}

fn letters(letters: Vec<DeadLetter>) -> Vec<(String, String)> {
    let mut letters: Vec<_> = letters
        .into_iter()
        .map(|letter| {
            let reason = letter.attributes.get("reason").cloned();
            (letter.body, reason.unwrap_or_default())
        })
        .collect();
    letters.sort();
    letters
}
