use proptest::{collection::vec, prelude::*};

use super::*;

const LIMIT: usize = 64;

/// What became of a body: its elements, `<LENGTH bytes at BYTE: BEGINNING>` and `<malformed at BYTE>` for what is no
/// customer, and its end.
#[derive(Debug, PartialEq, Eq)]
struct Outcome {
    elements: Vec<String>,
    end: End,
}

#[derive(Debug, PartialEq, Eq)]
enum End {
    Complete,
    CutShort,
    InvalidJsonArray(u64),
}

fn split<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> Outcome {
    let mut splitter = JsonArraySplitter::new(LIMIT);
    let mut elements = Vec::new();
    for chunk in chunks {
        let mut chunk = Bytes::copy_from_slice(chunk);
        loop {
            match splitter.next(&mut chunk) {
                Ok(Some(Element::Json(json))) => elements.push(json.get().to_owned()),
                Ok(Some(Element::TooLarge(TooLarge { beginning, bytes, at }))) => {
                    let beginning = String::from_utf8(beginning).unwrap();
                    elements.push(format!("<{bytes} bytes at {at}: {beginning}>"));
                }
                Ok(Some(Element::Malformed(Malformed { at, .. }))) => {
                    elements.push(format!("<malformed at {at}>"));
                }
                Ok(None) => break,
                Err(InvalidJsonArray { at }) => {
                    let end = End::InvalidJsonArray(at);
                    return Outcome { elements, end };
                }
            }
            assert!(splitter.partial.capacity() <= 4 * LIMIT);
        }
        assert!(chunk.is_empty());
    }
    let end = if splitter.is_complete() {
        End::Complete
    } else {
        End::CutShort
    };
    Outcome { elements, end }
}

/// The outcome, the same for the body in one chunk, in two cut anywhere, and byte by byte.
fn outcome(body: &[u8]) -> Outcome {
    let whole = split([body]);
    for cut in 0..=body.len() {
        let (left, right) = body.split_at(cut);
        assert_eq!(split([left, right]), whole, "cut at {cut}");
        assert_eq!(split([left, b"", right]), whole, "cut at {cut}");
    }
    assert_eq!(split(body.chunks(1)), whole);
    whole
}

#[test]
fn array_is_split_into_its_elements() {
    let long = format!(r#"["{}", 1]"#, "x".repeat(LIMIT - 2));
    for (body, expected) in [
        ("[]", &[][..]),
        (" [ ] \r\n", &[]),
        ("\u{feff}[]", &[]),
        ("\u{feff}\n[1]", &["1"]),
        ("[1]", &["1"]),
        ("[1,2]", &["1", "2"]),
        ("[ -1.50e+3 ,\t0\n,\r\n7 ]", &["-1.50e+3", "0", "7"]),
        ("[true,false ,null]", &["true", "false", "null"]),
        (r#"["",""]"#, &[r#""""#, r#""""#]),
        (r#"["a,b]","}{"]"#, &[r#""a,b]""#, r#""}{""#]),
        (r#"["\"]","\\","\\\"," ]"#, &[r#""\"]""#, r#""\\""#, r#""\\\",""#]),
        ("[[]]", &["[]"]),
        ("[[],[[1]],{}]", &["[]", "[[1]]", "{}"]),
        (
            r#"[{"a":"]}\\\""},{"b" : [ {} ]}]"#,
            &[r#"{"a":"]}\\\""}"#, r#"{"b" : [ {} ]}"#],
        ),
        (r#"["\u0000\ud800\/"]"#, &[r#""\u0000\ud800\/""#]),
        ("[\"é李🏠\u{ffff}\u{feff}\"]", &["\"é李🏠\u{ffff}\u{feff}\""]),
        ("[{\n \"a\":\t1\r\n}\n]", &["{\n \"a\":\t1\r\n}"]),
        (
            "[123456789012345678901234567890]",
            &["123456789012345678901234567890"],
        ),
        (&long, &[&long[1..=LIMIT], "1"]),
    ] {
        let Outcome { elements, end } = outcome(body.as_bytes());
        assert_eq!(
            (elements.as_slice(), end),
            (
                &expected.iter().map(|e| (*e).to_owned()).collect::<Vec<_>>()[..],
                End::Complete
            ),
            "{body}"
        );
    }
}

#[test]
fn invalid_array_is_an_error_with_its_position() {
    use End::*;
    for (body, elements, end) in [
        // Nothing, or not all of it.
        (&b""[..], 0, CutShort),
        (b" \n", 0, CutShort),
        (b"\xef\xbb", 0, CutShort),
        (b"[", 0, CutShort),
        (b"[1", 0, CutShort),
        (b"[1,", 1, CutShort),
        (b"[1 ", 1, CutShort),
        (b"[{\"a\":1}", 1, CutShort),
        (b"[{\"a\":1", 0, CutShort),
        (b"[\"]", 0, CutShort),
        (b"[\"\\", 0, CutShort),
        (b"[[1]", 1, CutShort),
        // Something else.
        (b"<html>[1]</html>", 0, InvalidJsonArray(0)),
        (b"{\"customers\":[1]}", 0, InvalidJsonArray(0)),
        (b"\"[1]\"", 0, InvalidJsonArray(0)),
        (b"null", 0, InvalidJsonArray(0)),
        (b"  1", 0, InvalidJsonArray(2)),
        (b"]", 0, InvalidJsonArray(0)),
        (b"\x1f\x8b\x08", 0, InvalidJsonArray(0)),
        (b"[\0", 0, CutShort),
        (b"\xef\xbb[1]", 0, InvalidJsonArray(2)),
        (b"\xef\xbb\xbf\xef\xbb\xbf[1]", 0, InvalidJsonArray(3)),
        (b"\xff\xfe[\0", 0, InvalidJsonArray(0)),
        // Commas.
        (b"[,1]", 0, InvalidJsonArray(1)),
        (b"[1,]", 1, InvalidJsonArray(3)),
        (b"[1,,2]", 1, InvalidJsonArray(3)),
        (b"[1 2]", 1, InvalidJsonArray(3)),
        (b"[{}{}]", 1, InvalidJsonArray(3)),
        // Brackets.
        (b"[}", 0, CutShort),
        (b"[/* */1]", 1, InvalidJsonArray(4)),
        // Something after the end.
        (b"[1]1", 1, InvalidJsonArray(3)),
        (b"[1] [2]", 1, InvalidJsonArray(4)),
        (b"[]]", 0, InvalidJsonArray(2)),
        (b"[1]\0", 1, InvalidJsonArray(3)),
        (b"[{\"a\":1}\n{\"a\":2}]", 1, InvalidJsonArray(9)),
    ] {
        let outcome = outcome(body);
        let text = String::from_utf8_lossy(body);
        assert_eq!((outcome.elements.len(), outcome.end), (elements, end), "{text:?}");
    }
}

#[test]
fn malformed_element_is_returned_with_its_position() {
    for (body, expected) in [
        (&b"[1,\n{\"a\":\n01},2]"[..], &["1", "<malformed at 11>", "2"][..]),
        (b"[nul, null]", &["<malformed at 3>", "null"]),
        (b"[NaN,1]", &["<malformed at 1>", "1"]),
        (b"[{\"a\":NaN},1]", &["<malformed at 6>", "1"]),
        (
            b"[{\"a\":Infinity},{\"a\":-Infinity}]",
            &["<malformed at 6>", "<malformed at 22>"],
        ),
        (b"['a']", &["<malformed at 1>"]),
        (b"[\"\n\",1]", &["<malformed at 2>", "1"]),
        (b"[\"\t\",1]", &["<malformed at 2>", "1"]),
        (b"[\"\0\",1]", &["<malformed at 2>", "1"]),
        (b"[\"\\x\",1]", &["<malformed at 3>", "1"]),
        (b"[\"\xff\",1]", &["<malformed at 2>", "1"]),
        (b"[1, \"\xc3\"]", &["1", "<malformed at 5>"]),
        (b"[{\"a\":1,},1]", &["<malformed at 8>", "1"]),
        (b"[{\"a\" 1},1]", &["<malformed at 6>", "1"]),
        (b"[{a:1},1]", &["<malformed at 2>", "1"]),
        (b"[1:2,1]", &["<malformed at 2>", "1"]),
        (b"[{],1]", &["<malformed at 2>", "1"]),
        (b"[[1},1]", &["<malformed at 3>", "1"]),
        (b"[1},1]", &["<malformed at 2>", "1"]),
        (b"[undefined,1]", &["<malformed at 1>", "1"]),
    ] {
        let outcome = outcome(body);
        let text = body.escape_ascii().to_string();
        assert_eq!(
            (outcome.elements.as_slice(), outcome.end),
            (
                &*expected.iter().map(|e| (*e).to_owned()).collect::<Vec<_>>(),
                End::Complete
            ),
            "{text}"
        );
    }
}

#[test]
fn malformed_element_keeps_its_text() {
    let mut splitter = JsonArraySplitter::new(LIMIT);
    for chunk in [&b"[{\"a\":\"\xe9"[..], b"\t\"}, 1]"] {
        match splitter.next(&mut Bytes::from_static(chunk)) {
            Ok(None) => {}
            Ok(Some(Element::Malformed(element))) => {
                assert_eq!(
                    (element.text.as_slice(), element.at),
                    (&b"{\"a\":\"\xe9\t\"}"[..], 8)
                );
                return;
            }
            other => panic!("{other:?}"),
        }
    }
    panic!("no element");
}

#[test]
fn element_over_the_limit_is_cut() {
    let long = "x]},\\\"[".repeat(40);
    for long in [
        format!("\"{long}\""),
        format!("{{\"a\":[\"{long}\"]}}"),
        "1".repeat(LIMIT + 1),
        format!("\"{}\"", "x".repeat(LIMIT - 1)),
        "[".repeat(LIMIT) + &"]".repeat(LIMIT),
    ] {
        let Outcome { elements, end } = outcome(format!("[{long},1, {long} ,[2]]").as_bytes());
        let cut = |at: usize| format!("<{} bytes at {at}: {}>", long.len(), &long[..LIMIT]);
        let again = 1 + long.len() + 4;
        assert_eq!(elements, [cut(1), "1".to_owned(), cut(again), "[2]".to_owned()]);
        assert_eq!(end, End::Complete);
        assert_eq!(outcome(format!("[1,{long}").as_bytes()).elements[0], "1");
    }
}

#[test]
fn nesting_is_limited_by_length_only() {
    let deep = "[".repeat(50_000) + &"]".repeat(50_000);
    let mut splitter = JsonArraySplitter::new(deep.len());
    let mut body = Bytes::from(format!("[{deep}]"));
    assert!(matches!(splitter.next(&mut body), Ok(Some(Element::Json(json))) if json.get() == deep));
}

/// Any JSON, with blanks anywhere.
fn json() -> impl Strategy<Value = String> {
    let text = any::<String>().prop_map(|text| serde_json::to_string(&text).unwrap());
    let escaped = "(\\\\[\"\\\\/bfnrt]|\\\\u[0-9a-fA-F]{4}|[\\[\\]{},: ]|é|🏠){0,8}"
        .prop_map(|text| format!("\"{text}\""));
    let number = "-?(0|[1-9][0-9]{0,30})(\\.[0-9]{1,5})?([eE][+-]?[0-9]{1,3})?";
    let blank = "[ \t\n\r]{0,2}";
    let leaf = prop_oneof![text, escaped.clone(), number, "true|false|null"];
    leaf.prop_recursive(4, 32, 5, move |inner| {
        let item = (blank, inner.clone(), blank).prop_map(|(a, item, b)| a + &item + &b);
        let field = (blank, escaped.clone(), blank, item.clone())
            .prop_map(|(a, key, b, item)| a + &key + &b + ":" + &item);
        prop_oneof![
            vec(item, 1..5).prop_map(|items| format!("[{}]", items.join(","))),
            vec(field, 1..5).prop_map(|fields| format!("{{{}}}", fields.join(","))),
            Just("[ ]".to_owned()),
            Just("{}".to_owned()),
        ]
    })
}

proptest! {
    #[test]
    fn any_array_in_any_chunks_is_split_verbatim(
        elements in vec(json(), 0..12),
        blanks in vec("[ \t\n\r]{0,3}", 26),
        mut cuts in vec(any::<prop::sample::Index>(), 0..40),
    ) {
        let mut body = format!("{}[", blanks[24]);
        for (at, element) in elements.iter().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            body.extend([comma, &blanks[2 * at], element, &blanks[2 * at + 1]]);
        }
        body.extend(["]", &blanks[25]]);
        let mut splitter = JsonArraySplitter::new(usize::MAX);
        let mut came = Vec::new();
        let mut rest = body.as_bytes();
        let mut places: Vec<usize> = cuts.drain(..).map(|cut| cut.index(body.len())).collect();
        places.sort_unstable();
        for (before, place) in [0].iter().chain(&places).zip(places.iter().chain([&body.len()])) {
            let (chunk, left) = rest.split_at(place - before);
            rest = left;
            let mut chunk = Bytes::copy_from_slice(chunk);
            while let Some(element) = splitter.next(&mut chunk).unwrap() {
                match element {
                    Element::Json(json) => came.push(json.get().to_owned()),
                    Element::Malformed(_) | Element::TooLarge { .. } => panic!("{element:?}"),
                }
            }
        }
        prop_assert!(splitter.is_complete());
        prop_assert_eq!(splitter.position(), body.len() as u64);
        prop_assert_eq!(came, elements);
    }

    #[test]
    fn same_arrays_are_valid_as_for_serde_json(
        body in vec(prop::sample::select(&b"[]{},:\"\\ 1a\n\xff"[..]), 0..14)
    ) {
        let takes = serde_json::from_slice::<Vec<&RawValue>>(&body).is_ok();
        let outcome = split([&body[..]]);
        let malformed = outcome.elements.iter().any(|element| element.starts_with("<malformed"));
        prop_assert_eq!(outcome.end == End::Complete && !malformed, takes);
    }
}
