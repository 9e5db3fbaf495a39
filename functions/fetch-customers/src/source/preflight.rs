//! The source's part of a preflight check: the key, the first page's first customer, and the page after it.

use std::time::Duration;

use serde_json::value::RawValue;
use shared::{
    http::Unreachable,
    mapping::customer::{ID, read_customer_id},
    preflight::Step,
};
use tokio::time::{Instant, timeout_at};
use url::Url;

use super::{
    api::SourceApi, error::SourceError, json_array::Element, page::Page, paging::NextPage,
    sequence::EndedPage,
};

/// How long the rest of the first page is read, to find out what it says of the next one: a person waits.
const REST_TIMEOUT: Duration = Duration::from_secs(30);

/// Of the first page.
const PAGE: u64 = 1;

/// What was read of a page.
#[derive(Default)]
struct Elements {
    count: u64,
    /// The last one, where it is JSON.
    last: Option<Box<RawValue>>,
}

impl Elements {
    fn add(&mut self, element: Element) {
        self.count += 1;
        self.last = match element {
            Element::Json(customer) => Some(customer),
            Element::Malformed(_) | Element::TooLarge(_) => None,
        };
    }
}

impl SourceApi {
    /// Reads the key and the first page, once: nothing is retried, so that a person sees the first failure at once.
    pub(crate) async fn check(&self, deadline: Instant) -> Vec<Step> {
        let mut steps = Vec::new();
        // A failed step ends the check: each depends on those before it.
        if let Err(failed) = self.check_steps(deadline, &mut steps).await {
            steps.push(failed);
        }
        steps
    }

    async fn check_steps(&self, deadline: Instant, steps: &mut Vec<Step>) -> Result<(), Step> {
        let started = Instant::now();
        let failed =
            |step, started, error: SourceError| Step::failed(step, started, error.says(), error.fix());
        let credentials = self.credentials().await;
        let credentials = credentials.map_err(|error| failed("secret", started, error))?;
        steps.push(Step::passed("secret", started, "the secret has an API key"));

        let started = Instant::now();
        let timed_out = SourceError::Unreachable {
            page: PAGE,
            at: 0,
            reason: Unreachable::TimedOut,
        };
        let url = self.paging.first_page(&self.url);
        let begun = async {
            let mut page = self.request(credentials, PAGE, &url).await?;
            let first = page.next().await?;
            Ok((page, first))
        };
        let begun = timeout_at(deadline, begun).await.unwrap_or(Err(timed_out));
        let (page, first) = begun.map_err(|error| failed("source", started, error))?;
        let mut elements = Elements::default();
        match first {
            None => steps.push(Step::passed(
                "source",
                started,
                "the source accepts the key; its first page has no customers",
            )),
            Some(first) => {
                let says = "the source accepts the key; its first page has customers";
                steps.push(Step::passed("source", started, says));
                steps.push(check_customer(&first));
                elements.add(first);
            }
        }

        let started = Instant::now();
        let deadline = deadline.min(started + REST_TIMEOUT);
        let says = match timeout_at(deadline, self.check_next_page(page, &url, elements)).await {
            Ok(says) => says.map_err(|error| failed("next_page", started, error))?,
            Err(_) => format!(
                "not known: the first page could not be read to its end in {} s",
                REST_TIMEOUT.as_secs()
            ),
        };
        steps.push(Step::passed("next_page", started, says));
        Ok(())
    }

    /// Reads the page to its end.
    ///
    /// # Returns
    /// What it says of the next page.
    async fn check_next_page(
        &self,
        mut page: Page,
        url: &Url,
        mut elements: Elements,
    ) -> Result<String, SourceError> {
        while let Some(element) = page.next().await? {
            elements.add(element);
        }
        let ended = EndedPage {
            number: PAGE,
            url,
            page: &page,
            customers: elements.count,
            last: elements.last.as_deref(),
        };
        let place = match &self.paging.next {
            NextPage::Link => "the Link header (SourceNext is empty)".to_owned(),
            NextPage::Member(pointer) => format!("{pointer} (SourceNext)"),
            NextPage::LastId => "the last customer's id (SourceNext is last-id)".to_owned(),
            NextPage::Number => "the page number (SourceNext is page)".to_owned(),
        };
        let count = elements.count;
        match self.next_page(&ended, true)? {
            Some(next) if next == *url => Err(SourceError::Loop { page: PAGE }),
            Some(_) => Ok(format!(
                "the first page has {count} customers and a next page, by {place}"
            )),
            None => Ok(format!(
                "the first page has {count} customers and no next page, by {place}: if the source has more, SourceNext \
                 must be changed"
            )),
        }
    }
}

/// Whether the first customer has an id.
fn check_customer(first: &Element) -> Step {
    const STEP: &str = "customer";
    let started = Instant::now();
    let says = match first {
        Element::Json(customer) if read_customer_id(customer).is_some() => {
            return Step::passed(STEP, started, format!("the first customer has an id in `{ID}`"));
        }
        Element::Json(_) => format!("the first customer has no usable id in `{ID}`: text or an integer"),
        Element::Malformed(_) => "the first customer is not JSON".to_owned(),
        Element::TooLarge(_) => "the first customer does not fit into a message".to_owned(),
    };
    Step::failed(
        STEP,
        started,
        says,
        "check with a dry run how many customers are like this; if all are, SourceItems names another list, or the \
         source's fields have other names (docs/adapting.md)",
    )
}
