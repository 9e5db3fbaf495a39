//! The source in the manners of well-known APIs: three pages of each, followed as its own clients do.

use fixture::only_id;
use sandbox::{Action, Customers, Endpoint, Rule, Sandbox, Settings, SourceStyle};
use serde_json::{Value, json};

use crate::caller::{client, start};

const PAGE_SIZE: u64 = 2;

struct Page {
    body: Value,
    link: Option<String>,
    total_pages: Option<String>,
}

async fn sandbox_of(source_style: SourceStyle) -> Sandbox {
    start(Settings {
        customers: Customers::from([json!("a"), json!("b"), json!(3), json!("d"), json!("e")].map(only_id)),
        page_size: PAGE_SIZE,
        source_style,
        ..Settings::default()
    })
    .await
}

async fn page(url: &str) -> Page {
    let request = client().get(url).header("x-api-key", "fixture-api-key");
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 200, "{url}");
    let header = |name: &str| {
        let value = response.headers().get(name);
        value.map(|value| value.to_str().unwrap().to_owned())
    };
    let (link, total_pages) = (header("link"), header("x-wp-totalpages"));
    let body = serde_json::from_slice(&response.bytes().await.unwrap()).unwrap();
    Page {
        body,
        link,
        total_pages,
    }
}

/// Follows the pages by `next`, a URL relative to the page before, and returns the ids found at `items`.
async fn ids(
    style: SourceStyle,
    items: &str,
    next: impl Fn(&Page, &[String]) -> Option<String>,
) -> Vec<Vec<String>> {
    let sandbox = sandbox_of(style).await;
    let mut url = url::Url::parse(&sandbox.customers_url()).unwrap();
    let mut pages: Vec<Vec<String>> = Vec::new();
    loop {
        assert!(pages.len() < 5, "{style:?}: {pages:?}");
        let page = page(url.as_str()).await;
        let found = page.body.pointer(items).unwrap().as_array().unwrap();
        let id = |customer: &Value| customer[fixture::ID].to_string().replace('"', "");
        pages.push(found.iter().map(id).collect());
        match next(&page, pages.last().unwrap()) {
            Some(next) => url = url.join(&next).unwrap(),
            None => return pages,
        }
    }
}

fn three_pages() -> [Vec<String>; 3] {
    [vec!["a", "b"], vec!["3", "d"], vec!["e"]].map(|page| page.into_iter().map(str::to_owned).collect())
}

fn text(page: &Page, pointer: &str) -> Option<String> {
    page.body
        .pointer(pointer)
        .and_then(Value::as_str)
        .map(str::to_owned)
}

/// A query with `value` as it has to be encoded.
fn query(name: &str, value: &str) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    format!("?{}", query.append_pair(name, value).finish())
}

/// The target of the link to the next page.
fn linked(page: &Page) -> Option<String> {
    let links = page.link.as_deref()?.split(", ");
    let mut next = links.filter_map(|link| link.strip_suffix(">; rel=\"next\""));
    next.next().map(|link| link.trim_start_matches('<').to_owned())
}

#[tokio::test]
async fn link_header_leads_through_arrays_and_envelopes() {
    let link = |page: &Page, _: &[String]| linked(page);
    assert_eq!(ids(SourceStyle::Array, "", link).await, three_pages());
    assert_eq!(ids(SourceStyle::Shopify, "/customers", link).await, three_pages());
    assert_eq!(ids(SourceStyle::Woocommerce, "", link).await, three_pages());
}

#[tokio::test]
async fn url_in_the_body_leads_through_the_list() {
    for (style, items, next) in [
        (SourceStyle::Hubspot, "/results", "/paging/next/link"),
        (SourceStyle::Bigcommerce, "/data", "/meta/pagination/links/next"),
        (SourceStyle::Salesforce, "/records", "/nextRecordsUrl"),
        (SourceStyle::Odata, "/value", "/@odata.nextLink"),
        (SourceStyle::Django, "/results", "/next"),
    ] {
        let pages = ids(style, items, |page, _| text(page, next)).await;
        assert_eq!(pages, three_pages(), "{style:?}");
    }
}

#[tokio::test]
async fn cursor_in_the_body_leads_through_the_list() {
    for (style, items, cursor, parameter) in [
        (SourceStyle::Square, "/customers", "/cursor", "cursor"),
        (SourceStyle::Hubspot, "/results", "/paging/next/after", "after"),
    ] {
        let next = |page: &Page, _: &[String]| text(page, cursor).map(|cursor| query(parameter, &cursor));
        assert_eq!(ids(style, items, next).await, three_pages(), "{style:?}");
    }
}

#[tokio::test]
async fn last_id_leads_through_a_list_of_stripe() {
    let next = |page: &Page, ids: &[String]| {
        let more = page.body["has_more"].as_bool().unwrap();
        more.then(|| query("starting_after", ids.last().unwrap()))
    };
    assert_eq!(ids(SourceStyle::Stripe, "/data", next).await, three_pages());
}

#[tokio::test]
async fn page_numbers_end_in_an_empty_page() {
    let sandbox = sandbox_of(SourceStyle::PageNumbers).await;
    for (number, customers) in [(1, 2), (2, 2), (3, 1), (4, 0)] {
        let page = page(&format!("{}?page={number}", sandbox.customers_url())).await;
        assert_eq!(page.body.as_array().unwrap().len(), customers);
        assert_eq!(page.link, None);
    }
}

#[tokio::test]
async fn envelopes_are_those_of_their_apis() {
    let sandbox = sandbox_of(SourceStyle::Bigcommerce).await;
    let second = page(&format!("{}?page=2", sandbox.customers_url())).await;
    let links =
        json!({"previous": "?page=1&limit=2", "current": "?page=2&limit=2", "next": "?page=3&limit=2"});
    assert_eq!(
        second.body["meta"],
        json!({"pagination": {"total": 5, "count": 2, "per_page": 2, "current_page": 2, "total_pages": 3,
               "links": links}})
    );

    let sandbox = sandbox_of(SourceStyle::Salesforce).await;
    let first = page(&sandbox.customers_url()).await.body;
    assert_eq!((&first["totalSize"], &first["done"]), (&json!(5), &json!(false)));
    let last = page(&format!("{}/01g3", sandbox.customers_url())).await.body;
    assert_eq!((&last["done"], last.get("nextRecordsUrl")), (&json!(true), None));

    let sandbox = sandbox_of(SourceStyle::Django).await;
    let last = page(&format!("{}?page=3", sandbox.customers_url())).await.body;
    assert_eq!((&last["count"], &last["next"]), (&json!(5), &json!(null)));
    let previous = format!("{}?page=2", sandbox.customers_url());
    assert_eq!(last["previous"], previous);

    let sandbox = sandbox_of(SourceStyle::Woocommerce).await;
    let second = page(&format!("{}?page=2", sandbox.customers_url())).await;
    assert_eq!(second.total_pages.as_deref(), Some("3"));
    let link = "</customers?page=1>; rel=\"prev\", </customers?page=3>; rel=\"next\"";
    assert_eq!(second.link.as_deref(), Some(link));
}

#[tokio::test]
async fn unknown_cursor_is_refused() {
    for (style, query) in [
        (SourceStyle::Shopify, "?page_info=x"),
        (SourceStyle::Stripe, "?starting_after=x"),
        (SourceStyle::Hubspot, "?after=2"),
        (SourceStyle::Salesforce, "/x"),
        (SourceStyle::Square, "?cursor=x"),
        (SourceStyle::Odata, "?$skiptoken=x"),
        (SourceStyle::Django, "?page=0"),
    ] {
        let sandbox = sandbox_of(style).await;
        let url = format!("{}{query}", sandbox.customers_url());
        let request = client().get(url).header("x-api-key", "fixture-api-key");
        assert_eq!(request.send().await.unwrap().status(), 400, "{style:?}");
    }
}

#[tokio::test]
async fn page_of_every_style_can_break_off() {
    for style in [SourceStyle::Stripe, SourceStyle::Salesforce, SourceStyle::Odata] {
        let sandbox = sandbox_of(style).await;
        let cut = Action::Truncate {
            reset: false,
            instead: None,
        };
        sandbox.set_faults([Rule::on(Endpoint::Customers, cut)]);
        let request = client()
            .get(sandbox.customers_url())
            .header("x-api-key", "fixture-api-key");
        let response = request.send().await.unwrap();
        assert!(response.bytes().await.is_err(), "{style:?}");
    }
}
