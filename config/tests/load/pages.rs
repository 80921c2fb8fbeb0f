//! The examples of the pages are configurations without a mistake.

use config::{Handover, Span};

use crate::scene::Scene;

/// The examples of a page in this language.
fn examples<'a>(page: &'a str, language: &str) -> Vec<&'a str> {
    let fence = format!("```{language}\n");
    let after = page.split(fence.as_str()).skip(1);
    after
        .map(|rest| rest.split_once("```").unwrap().0)
        .collect()
}

#[test]
fn the_example_of_the_page_on_reload_means_what_it_says() {
    let page = include_str!("../../../docs/reload.md");
    let scene = Scene::with(&["node", "bun"]);
    scene.file("src/index.ts", "");
    let examples = examples(page, "js");
    assert_eq!(examples.len(), 1);
    let loaded = scene.load("ecosystem.config.cjs", examples[0]);
    assert_eq!(scene.shown(&loaded), "");
    let rules: Vec<_> = loaded.specs.iter().map(|spec| &spec.handover).collect();
    assert_eq!(rules[0].check.as_deref(), Some("/health"));
    assert_eq!(rules[0].drain_timeout, Span::secs(60));
    assert_eq!(rules[1].mode, Handover::Queue);
}
