//! Pages in a browser, used as a person does.

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use support::browser::{Browser, DESKTOP, Window};
use support::{run, script};

/// Runs drills, and gives the place of their page and the lines of their journal.
fn drilled(folder: &Path, drills: &str, code: i32) -> (PathBuf, Vec<Value>) {
    let (page, journal) = (folder.join("run.html"), folder.join("run.jsonl"));
    let [html, lines] = [&page, &journal].map(|it| it.display().to_string());
    let run = run(&[
        "drill",
        drills,
        "--brief",
        "--html",
        &html,
        "--journal",
        &lines,
    ]);
    assert_eq!(run.code, code, "{}{}", run.out, run.err);
    let text = fs::read_to_string(journal).expect("a journal");
    let lines = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"));
    (page, lines.collect())
}

/// The time that the timeline shows, in milliseconds: from when to when.
fn range(browser: &mut Browser) -> (f64, f64) {
    let number = |text: &Value| {
        text.as_str()
            .and_then(|it| it.parse().ok())
            .expect("a number")
    };
    let ends = browser.value("['min', 'max'].map((it) => document.getElementById('plot').getAttribute(`aria-value${it}`))");
    (number(&ends[0]), number(&ends[1]))
}

/// The place of an instant, in microseconds, at the foot of a lane, where events are marked.
fn mark(browser: &mut Browser, lane: &str, at: f64) -> (f64, f64) {
    let plot = browser.place("#plot");
    let (from, to) = range(browser);
    let foot = browser.value(&format!(
        "[...document.querySelectorAll('#labels li')].find((it) => it.querySelector('.name').title === {lane:?}).getBoundingClientRect().bottom"
    ));
    let foot = foot.as_f64().expect("a lane");
    (
        plot.left + (at / 1000.0 - from) / (to - from) * plot.width,
        foot - 4.0,
    )
}

#[test]
fn the_page_of_a_lost_node_is_zoomed_asked_and_followed_to_the_cause() {
    let Some(mut browser) = Browser::start() else {
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let (page, journal) = drilled(folder.path(), "scripts/drills/lost-node.rhai", 0);
    browser.open(&page, &DESKTOP);
    assert_eq!(
        browser.text("h1"),
        "a lost node's virtual server moves to the standby"
    );
    assert_eq!(browser.text(".verdict"), "pass");

    // The wheel, a button and a key show less time; another key shows everything.
    let all = range(&mut browser);
    let middle = browser.place("#plot").middle();
    browser.wheel_up(middle);
    let wheeled = range(&mut browser);
    assert!(
        wheeled.1 - wheeled.0 < (all.1 - all.0) * 0.9,
        "{all:?} {wheeled:?}"
    );
    assert!(
        all.0 < wheeled.0 && wheeled.1 < all.1,
        "{all:?} {wheeled:?}"
    );
    browser.click_on("#zoom-in");
    let clicked = range(&mut browser);
    assert!(
        clicked.1 - clicked.0 < (wheeled.1 - wheeled.0) * 0.6,
        "{wheeled:?} {clicked:?}"
    );
    let (x, y) = browser.place("#plot").middle();
    browser.drag((x, y), (x - 200.0, y));
    let dragged = range(&mut browser);
    assert!(dragged.0 > clicked.0 + 100.0, "{clicked:?} {dragged:?}");
    browser.key("0");
    assert!(range(&mut browser).1 > all.1 * 0.99);

    // The event by which NODE3's machine goes off: its words, then what led to it.
    let lost = journal
        .iter()
        .find(|it| it["kind"] == "power" && it["on"] == false)
        .expect("a power cut");
    let at = lost["t"].as_f64().expect("a time");
    let (x, y) = mark(&mut browser, "NODE3", at);
    assert_eq!(browser.value("document.getElementById('tip').hidden"), true);
    browser.move_to((x, y));
    assert_eq!(
        browser.value("document.getElementById('tip').hidden"),
        false
    );
    let tip = browser.text("#tip");
    assert!(tip.contains("NODE3 goes off: power lost"), "{tip}");
    let cursor = browser.text("#labels li:nth-child(3) .state");
    assert_eq!(cursor, "held");

    browser.click((x, y));
    assert!(browser.text("#detail h3").contains("NODE3 goes off"));
    assert_eq!(browser.text("#detail h4"), "What led to it");
    let cause = browser.text("#detail ol li:last-child button");
    assert!(cause.ends_with("NODE3 loses power"), "{cause}");
    browser.key("c");
    assert_eq!(browser.text("#detail h3"), "NODE3 loses power");
    let hash = browser.value("location.hash");
    assert!(
        hash.as_str().is_some_and(|it| it.starts_with("#event-")),
        "{hash}"
    );
    // What it led to is a list of buttons that lead back.
    browser.click_on("#detail ul button");
    assert_ne!(browser.text("#detail h3"), "NODE3 loses power");
    browser.key("Escape");

    // Words filter the events.
    let count = browser.text("#count");
    browser.click_on("#search");
    for letter in "regroup".chars() {
        browser.key(&letter.to_string());
    }
    browser.until(&format!(
        "document.getElementById('count').textContent !== {count:?}"
    ));
    assert!(browser.text("#events").contains("begins a regroup"));
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn an_index_of_a_partition_is_sorted_and_leads_to_the_pages() {
    let Some(mut browser) = Browser::start() else {
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let (index, _) = drilled(folder.path(), "scripts/drills/partition.rhai", 0);
    browser.open(&index, &DESKTOP);
    let names = "[...document.querySelectorAll('tbody th')].map((it) => it.textContent).join('|')";
    let before = browser.value(names);
    browser.click_on("thead th:nth-child(5) button");
    let rising = browser.value(names);
    browser.click_on("thead th:nth-child(5) button");
    let falling = browser.value(names);
    assert_eq!(
        browser.value("document.querySelector('[aria-sort]').getAttribute('aria-sort')"),
        "descending"
    );
    assert!(
        rising != falling && before != rising,
        "{before} {rising} {falling}"
    );
    let reversed = falling
        .as_str()
        .expect("names")
        .split('|')
        .rev()
        .collect::<Vec<_>>()
        .join("|");
    assert_eq!(rising, reversed);

    let name = browser.text("tbody tr:nth-child(1) a");
    browser.click_on("tbody tr:nth-child(1) a");
    browser.loaded();
    assert_eq!(browser.text("h1"), name);
    // By keys alone: the last event, and those before it.
    browser.value("document.getElementById('plot').focus()");
    browser.key("End");
    let last = browser.text("#detail h3");
    browser.key("ArrowLeft");
    assert_ne!(browser.text("#detail h3"), last);
    browser.click_on("header a");
    browser.loaded();
    assert_eq!(browser.text("h1"), "Drills");
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn a_failing_drill_says_why_in_both_themes_and_on_a_telephone() {
    let Some(mut browser) = Browser::start() else {
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let text = r#"drill("</script><b>both</b>", #{ cluster: "CLUSTERS/four-node.ron" }, || {
        step("two nodes fail");
        node("NODE3").crash();
        node("NODE2").crash();
        eventually(|| group("EVS3").is_online, "10m");
        expect(group("EVS2").owner == "NODE1");
    });"#;
    script(folder.path(), "both.rhai", text);
    let drills = folder.path().join("both.rhai").display().to_string();
    let (page, _) = drilled(folder.path(), &drills, 1);
    for window in [
        DESKTOP,
        Window {
            dark: true,
            ..DESKTOP
        },
        Window {
            width: 390,
            height: 844,
            dark: true,
        },
    ] {
        browser.open(&page, &window);
        // A name is a text, whatever it looks like.
        assert_eq!(browser.text("h1"), "</script><b>both</b>");
        assert_eq!(browser.text(".verdict"), "fail");
        assert!(browser.text(".why").contains("both.rhai:"), "no place");
        let wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth";
        assert_eq!(browser.value(wide), 0, "the page is wider than its window");
        let paper = browser.value("getComputedStyle(document.body).backgroundColor");
        assert_eq!(paper == "rgb(255, 255, 255)", !window.dark, "{paper}");
        // Each picture has its table.
        browser.click_on("#outages ~ .outage button");
        let bar = browser
            .value("[...document.querySelector('.bar').children].map((it) => it.className).join()");
        let table = browser.value("[...document.querySelectorAll('.outage:nth-of-type(1) tbody th')].map((it) => it.textContent).join()");
        assert_eq!(bar, table);
        browser.click_on("#timeline ~ details:nth-of-type(2) summary");
        assert!(
            browser.text("#spans").contains("NODE3"),
            "the lanes are not in the table"
        );
    }
    assert_eq!(browser.complaints(), Vec::<String>::new());
}
