use http::HeaderValue;

use super::*;

const UNREADABLE: Result<Option<&str>, UnreadableLink> = Err(UnreadableLink);

fn assert_next(headers: &[&[u8]], expected: Result<Option<&str>, UnreadableLink>) {
    let page = Url::parse("https://a/customers?page=1").unwrap();
    let mut map = HeaderMap::new();
    for header in headers {
        map.append(LINK, HeaderValue::from_bytes(header).unwrap());
    }
    let shown: Vec<_> = headers
        .iter()
        .map(|header| header.escape_ascii().to_string())
        .collect();
    assert_eq!(next(&map, &page), expected, "{shown:?}");
}

#[test]
fn next_link_is_found_in_any_spelling() {
    for (value, expected) in [
        (r#"<https://a/?page=2>; rel="next""#, "https://a/?page=2"),
        (r#"<https://a/?page=2>;rel=next"#, "https://a/?page=2"),
        (r#"<?page=2>; REL = "Next""#, "?page=2"),
        (r#"< ?page=2 > ; rel = NEXT ,"#, "?page=2"),
        (
            r#"<?page=1>; rel="prev", <?page=3>; rel="next", <?page=9>; rel=last"#,
            "?page=3",
        ),
        (
            r#"<?p=2>; title="a \"quoted\", <odd>; rel=prev"; rel="last next""#,
            "?p=2",
        ),
        (r#"<?p=2>; title="\\"; rel="next""#, "?p=2"),
        (r#"<?p=2>; rel="ne\xt""#, "?p=2"),
        (r#"</a,b;c?x=<>; rel="next""#, "/a,b;c?x=<"),
        (r#"<?page=2>; flag; rel=next"#, "?page=2"),
        (r#"<?page=2>;; rel=next;"#, "?page=2"),
        (r#"<?page=2>; rel='next'"#, "?page=2"),
        (r#"<?page=2>; rel='next last', <?page=9>; rel='last'"#, "?page=2"),
        (r#"<?page=2>; title='a, b'; rel='next'"#, "?page=2"),
        (r#"<?page=2>; title=O'Hara; rel=next"#, "?page=2"),
        (r#"<?page=2>; rel=prev next"#, "?page=2"),
        (r#"<?page=2>; rel="next"; rel="prev""#, "?page=2"),
        (r#"<?page=2>; rel="next", <?page=3>; rel="next""#, "?page=2"),
        (r#"<?page=2>; rel="next"; anchor="""#, "?page=2"),
        (r##"<?page=2>; rel="next"; anchor="#list""##, "?page=2"),
        (r#"<?page=2>; rel="next"; anchor="/customers?page=1""#, "?page=2"),
        (r#"<?page=2>; rel="next http://rels/?a&b""#, "?page=2"),
        ("<?page=2&name=\u{e9}>; rel=\"next\"", "?page=2&name=\u{e9}"),
        ("<?page=2>; title=\"n\u{e4}chste\"; rel=\"next\"", "?page=2"),
        (
            "<?\u{632}>; rel=\"canonical\", <?page=2>; rel=\"next\"",
            "?page=2",
        ),
        ("<?page=2>; rel=\"next\", \u{632}", "?page=2"),
        // What another link's lack of syntax makes of the rest does not matter.
        (r#"<?page=1; rel="prev", <?page=3>; rel="next""#, "?page=3"),
        (r#"?page=1; rel="prev", <?page=3>; rel="next""#, "?page=3"),
        (r#"<?page=1>; rel="prev, <?page=3>; rel="next""#, "?page=3"),
    ] {
        assert_next(&[value.as_bytes()], Ok(Some(expected)));
    }
}

#[test]
fn other_links_are_no_next_link() {
    for value in [
        r#"<?page=1>; rel="prev""#,
        r#"<?page=1>; rel="prev"; rel="next""#,
        r#"<?page=1>; rel="prev"; title="next""#,
        r#"<?page=1>; rel="nextish""#,
        r#"<?page=1>; rel="prev-next""#,
        r#"<?page=1>; rev="next""#,
        r#"<next>"#,
        r#"<?page=1"#,
        r#"</style.css>; rel=preload; as=style"#,
        ",, ,",
        "",
    ] {
        assert_next(&[value.as_bytes()], Ok(None));
    }
    assert_next(&[], Ok(None));
}

#[test]
fn announced_but_unreadable_next_link_is_an_error() {
    for value in [
        &br#"https://a/?page=2; rel="next""#[..],
        br#"&lt;https://a/?page=2&gt;; rel="next""#,
        br#"<https://a/?page=2; rel="next""#,
        br#"<https://a/?page=2; rel=next, <https://a/?page=9>; rel=last"#,
        br#"<https://a/?page=2; rel="next", <https://a/?page=9>; rel="last""#,
        br#"<https://a/?page=2> rel="next""#,
        br#"<https://a/?page=2>; rel="next"#,
        br#"<https://a/?page=2>; rel="next, <https://a/?page=9>; rel="last""#,
        br#"<https://a/?page=2>; rel="next" x"#,
        br#"<https://a/?page=2>; rel:"next""#,
        br#"<https://a/?page=2>; rel next"#,
        br#"<https://a/?page=2>; rel=&quot;next&quot;"#,
        br#"<https://a/?page=2>; rel='next"#,
        "<https://a/?page=2>; rel=\u{201c}next\u{201d}".as_bytes(),
        b"<https://a/?name=\xe9&page=2>; rel=\"next\"",
        br#"<https://a/?page=2>; rel="next"; anchor="https://a/other""#,
        br#"{"next": "https://a/?page=2", "rel": "next"}"#,
    ] {
        assert_next(&[value], UNREADABLE);
    }
}

#[test]
fn several_link_headers_are_one_list() {
    assert_next(&[b"<a>; rel=prev", b"<b>; rel=next"], Ok(Some("b")));
    assert_next(&[b"\xff", b"<b>; rel=next"], Ok(Some("b")));
    assert_next(&[b"<a>; rel=prev", b"<b; rel=next"], UNREADABLE);
}
