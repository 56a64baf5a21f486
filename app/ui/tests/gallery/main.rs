//! Renders every component as the server does, holds the pages to what HTML demands, and leaves them as files, so that
//! they can be looked at: `<target>/tmp/gallery/*.html`, with the style sheet beside them.
#![cfg(feature = "ssr")]

mod check;
mod pages;

use std::fs;
use std::path::Path;

use leptos::prelude::*;

fn page(name: &str, view: fn() -> AnyView) -> String {
    let body = Owner::new().with(|| view().to_html());
    let sprite = Owner::new().with(|| view! { <ui::IconSprite/> }.to_html());
    let html = format!(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width, initial-scale=1\"><title>{name}</title><link rel=\"stylesheet\" \
         href=\"gallery.css\"></head><body>{body}{sprite}</body></html>"
    );
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("gallery");
    fs::create_dir_all(&folder).expect("a folder for the pages");
    fs::write(folder.join(format!("{name}.html")), &html).expect("the page is written");
    fs::write(folder.join("gallery.css"), style()).expect("the style sheet is written");
    html
}

/// The style sheet with its imports in place.
fn style() -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../style");
    let main = fs::read_to_string(folder.join("main.css")).expect("style/main.css");
    main.lines()
        .filter_map(|line| line.trim().strip_prefix("@import \"./")?.split('"').next())
        .map(|name| fs::read_to_string(folder.join(name)).expect("an imported style sheet"))
        .collect()
}

#[test]
fn the_dashboard_is_sound() {
    check::page(&page("dashboard", pages::dashboard));
}

#[test]
fn a_list_is_sound() {
    check::page(&page("list", pages::list));
}

#[test]
fn forms_and_layers_are_sound() {
    check::page(&page("forms", pages::forms));
}

#[test]
fn states_are_sound() {
    check::page(&page("states", pages::states));
}

#[test]
fn signing_in_is_sound() {
    check::page(&page("sign-in", pages::sign_in));
}

#[test]
fn the_set_up_is_sound() {
    check::page(&page("setup", pages::setup));
}
