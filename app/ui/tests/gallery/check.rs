//! What holds for every page: ids are unique, what refers to an id finds it, nothing is styled or scripted inline, and
//! words that came from people are escaped.

use std::collections::BTreeSet;

/// The values of an attribute, in the order of the page.
fn values<'a>(html: &'a str, attribute: &str) -> Vec<&'a str> {
    let start = format!(" {attribute}=\"");
    html.match_indices(&start)
        .map(|(at, found)| html[at + found.len()..].split('"').next().expect("a closing quote"))
        .collect()
}

/// Fails where a page breaks one of the rules.
pub fn page(html: &str) {
    let mut ids = BTreeSet::new();
    for id in values(html, "id") {
        assert!(ids.insert(id), "the id {id:?} is there twice");
    }
    let references = [
        "for",
        "aria-labelledby",
        "aria-describedby",
        "aria-controls",
        "popovertarget",
        "commandfor",
        "aria-activedescendant",
    ];
    for attribute in references {
        for id in values(html, attribute).into_iter().flat_map(str::split_whitespace) {
            assert!(ids.contains(id), "{attribute} names {id:?}, which is not on the page");
        }
    }
    for href in values(html, "href").into_iter().filter_map(|href| href.strip_prefix('#')) {
        assert!(ids.contains(href), "a link leads to #{href}, which is not on the page");
    }
    assert!(values(html, "style").is_empty(), "a style attribute, which the content policy refuses");
    assert!(!html.contains("<script"), "an inline script, or words that were not escaped");
    assert_eq!(html.matches("<table").count(), html.matches("<tbody").count(), "a table without a body");
    assert_eq!(html.matches("<h1").count(), 1, "a page has one h1");
    assert_eq!(html.matches("<main").count(), 1, "a page has one main");
}
