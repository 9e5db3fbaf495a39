use super::*;
use crate::source::paging::NextPage;

fn pointer(text: &str) -> Pointer {
    Pointer::parse(text).unwrap()
}

fn paging(items: &str) -> Paging {
    Paging {
        items: Some(pointer(items)),
        next: NextPage::Member(pointer("/meta/next")),
        cursor_parameter: None,
        more: Some(pointer("/more")),
    }
}

#[derive(Debug, PartialEq)]
struct Outcome {
    elements: Vec<String>,
    end: Result<End, InvalidList>,
    next: Captured,
    more: Captured,
}

fn split<'a>(items: &str, chunks: impl IntoIterator<Item = &'a [u8]>) -> Outcome {
    let paging = paging(items);
    let mut list = ListReader::new(&paging, 1000);
    let mut elements = Vec::new();
    let mut failure = None;
    'chunks: for chunk in chunks {
        let mut chunk = Bytes::copy_from_slice(chunk);
        loop {
            match list.next(&mut chunk) {
                Ok(Some(Element::Json(json))) => elements.push(json.get().to_owned()),
                Ok(Some(other)) => panic!("{other:?}"),
                Ok(None) => break,
                Err(error) => {
                    failure = Some(error);
                    break 'chunks;
                }
            }
        }
        assert!(chunk.is_empty());
    }
    Outcome {
        elements,
        end: failure.map_or(Ok(list.end()), Err),
        next: list.member(&pointer("/meta/next")).clone(),
        more: list.member(&pointer("/more")).clone(),
    }
}

/// The outcome, the same for the page in one chunk, in two cut anywhere, and byte by byte.
fn outcome(items: &str, page: &str) -> Outcome {
    let page = page.as_bytes();
    let whole = split(items, [page]);
    for cut in 0..=page.len() {
        let (left, right) = page.split_at(cut);
        assert_eq!(split(items, [left, right]), whole, "cut at {cut}");
    }
    assert_eq!(split(items, page.chunks(1)), whole);
    whole
}

fn json(text: &str) -> Captured {
    Captured::Json(text.as_bytes().to_vec())
}

#[test]
fn list_is_found_wherever_it_is() {
    for (items, page) in [
        ("/data", r#"{"data":[{"a":1},2]}"#),
        ("/data", "\u{feff} { \"data\" : [ {\"a\":1} , 2 ] } \n"),
        (
            "/data",
            r#"{"x":{"data":[9]},"y":[{"data":[9]}],"data":[{"a":1},2],"z":"\"]}"}"#,
        ),
        ("/data", r#"{"d\u0061ta":[{"a":1},2]}"#),
        ("/data", r#"{"tag \ud83d":1,"data":[{"a":1},2]}"#),
        ("/data", r#"{"data":[{"a":1}],"data":[2]}"#),
        (
            "/a/b/c",
            r#"{"a":{"b":{"x":[1,2],"c":[{"a":1},2]},"c":[3]},"c":[4]}"#,
        ),
        ("/", r#"{"":[{"a":1},2]}"#),
    ] {
        let outcome = outcome(items, page);
        assert_eq!(outcome.elements, [r#"{"a":1}"#, "2"], "{page}");
        assert_eq!(outcome.end, Ok(End::Complete), "{page}");
    }
}

#[test]
fn members_are_kept_before_and_behind_the_list() {
    for page in [
        r#"{"more":true,"meta":{"x":[],"next":"/a?b"},"data":[]}"#,
        r#"{"data":[],"meta":{"next":"/a?b","x":{"next":1}},"next":2,"more": true }"#,
        r#"{"more":false,"meta":{"next":null},"data":[],"meta":{"next":"/a?b"},"more":true}"#,
    ] {
        let outcome = outcome("/data", page);
        assert_eq!(
            (outcome.next, outcome.more),
            (json(r#""/a?b""#), json("true")),
            "{page}"
        );
        assert_eq!(outcome.end, Ok(End::Complete), "{page}");
    }
    // An object around the list and around a member.
    let outcome = outcome("/meta/list", r#"{"meta":{"list":[1],"next":2}}"#);
    assert_eq!(
        (outcome.elements, outcome.next),
        (vec!["1".to_owned()], json("2"))
    );
    assert_eq!(outcome.more, Captured::Absent);
}

#[test]
fn member_of_no_object_is_unreadable() {
    for (meta, next) in [
        (r#"[{"next":1}]"#, Captured::Unreadable),
        (r#""next""#, Captured::Unreadable),
        ("7", Captured::Unreadable),
        ("null", Captured::Absent),
        ("[ ]", Captured::Absent),
        (r#"{},"meta":null"#, Captured::Absent),
        (r#"{"next":1},"meta":null"#, json("1")),
        (r#"{"next":1},"meta":[2]"#, json("1")),
        (r#"{"next":1},"meta":{"next":null}"#, json("1")),
        (r#"{"next":1},"meta":{"next":2}"#, json("2")),
    ] {
        let outcome = outcome("/data", &format!(r#"{{"meta":{meta},"data":[]}}"#));
        assert_eq!(outcome.next, next, "{meta}");
    }
    // An object that is looked into is not kept.
    let outcome = outcome("/more/data", r#"{"more":{"data":[1]}}"#);
    assert_eq!(outcome.more, Captured::Unreadable);
}

#[test]
fn members_of_any_size_take_bounded_memory() {
    let long = format!("\"{}\"", "x]},\\\"[".repeat(5_000));
    let page = format!(r#"{{"x":{long},{long}:1,"y":[{long}],"more":{long},"data":[1],"z":{{"a":{long}}}}}"#);
    let outcome = split("/data", page.as_bytes().chunks(1000));
    assert_eq!(outcome.elements, ["1"]);
    assert_eq!(
        (outcome.end, outcome.more),
        (Ok(End::Complete), Captured::Unreadable)
    );
}

#[test]
fn empty_page_is_recognized() {
    for (page, end) in [
        (r#"{"data":[]}"#, End::Complete),
        (r#"{"data":null,"more":false}"#, End::Complete),
        ("{}", End::Complete),
        ("", End::Blank),
        (" \n", End::Blank),
        ("\u{feff}", End::Blank),
        (r#"{"errors":[]}"#, End::NoList),
        (r#"{"data":[1]"#, End::CutShort),
        (r#"{"data":[1"#, End::CutShort),
        (r#"{"data"#, End::CutShort),
        ("{", End::CutShort),
    ] {
        assert_eq!(outcome("/data", page).end, Ok(end), "{page}");
    }
}

#[test]
fn invalid_page_is_an_error_with_its_position() {
    let invalid = |at, is_no_list| Err(InvalidList::Envelope(InvalidEnvelope { at, is_no_list }));
    for (page, end) in [
        ("[1]", invalid(0, false)),
        ("<html>", invalid(0, false)),
        (r#"{"data":{"a":1}}"#, invalid(8, true)),
        (r#"{"data":"x"}"#, invalid(8, true)),
        (r#"{"data":nothing}"#, invalid(8, true)),
        (r#"{data:[1]}"#, invalid(1, false)),
        (r#"{"a" 1}"#, invalid(5, false)),
        (r#"{"a":,"data":[]}"#, invalid(5, false)),
        (r#"{"a":1 2}"#, invalid(7, false)),
        (r#"{"a":1,}"#, invalid(7, false)),
        (r#"{"data":[]} x"#, invalid(12, false)),
        (
            r#"{"data":[1 2]}"#,
            Err(InvalidList::Array(InvalidJsonArray { at: 11 })),
        ),
    ] {
        assert_eq!(outcome("/data", page).end, end, "{page}");
    }
}
