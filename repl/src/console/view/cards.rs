//! Values: cards, tables, lists and maps.

use quorate_script::{Card, Shown};

use crate::console::screen::{Screen, wrapped};
use crate::output::{Paint, Tone};
use crate::report::{Table, state_tone};

/// The width of a card's labels.
const LABEL: usize = 14;

/// A thing of the cluster: name and state, and below what else there is to say.
pub(in crate::console) fn card(card: &Card, screen: Screen, paint: Paint) -> String {
    let mut lines = vec![format!(
        "{} {} {}",
        paint.tone(Tone::Faint, card.noun),
        paint.tone(Tone::Strong, &card.name),
        paint.tone(tone(card), &card.state)
    )];
    for field in &card.fields {
        let value = if field.value.is_empty() {
            "-"
        } else {
            &field.value
        };
        let label = format!("  {:<LABEL$}", field.label);
        let text = wrapped(&label, value, screen.width);
        let (label, rest) = text.split_at_checked(label.len()).unwrap_or((&text, ""));
        lines.push(format!("{}{rest}", paint.tone(Tone::Faint, label)));
    }
    lines.join("\n")
}

fn tone(card: &Card) -> Tone {
    match card.state.as_str() {
        "works" | "held" | "healed" => Tone::Good,
        "down" | "lost" | "open" => Tone::Bad,
        state => state_tone(state),
    }
}

/// Several things of one kind.
pub(in crate::console) fn table(cards: &[Card], screen: Screen, paint: Paint) -> String {
    let Some(first) = cards.first() else {
        return "[]".to_owned();
    };
    let columns: Vec<&str> = first
        .fields
        .iter()
        .filter(|it| it.column)
        .map(|it| it.label)
        .collect();
    let mut head = vec![first.noun, "state"];
    head.extend(&columns);
    let mut table = Table::new(&head);
    for card in cards {
        let mut row = vec![
            (Tone::Strong, card.name.clone()),
            (tone(card), card.state.clone()),
        ];
        for label in &columns {
            let field = card.fields.iter().find(|it| it.label == *label);
            row.push((
                Tone::Plain,
                field.map(|it| it.value.clone()).unwrap_or_default(),
            ));
        }
        table.row(row);
    }
    table.lines(0, screen.width, paint).join("\n")
}

/// A list of plain values: as a script writes it if that fits in a line, or else one below the other.
pub(in crate::console) fn list(shown: &Shown, items: &[String], screen: Screen) -> String {
    if shown.text.chars().count() <= screen.width {
        return shown.text.clone();
    }
    let items: Vec<String> = items.iter().map(|it| format!("  {it},")).collect();
    format!("[\n{}\n]", items.join("\n"))
}

/// A map: as a script writes it if that fits in a line, or else one name below the other.
pub(in crate::console) fn map(shown: &Shown, pairs: &[(String, String)], screen: Screen) -> String {
    if shown.text.chars().count() <= screen.width {
        return shown.text.clone();
    }
    let width = pairs
        .iter()
        .map(|(key, _)| key.chars().count())
        .max()
        .unwrap_or_default()
        + 1;
    let pairs: Vec<String> = pairs
        .iter()
        .map(|(key, value)| {
            let key = format!("{key}:");
            wrapped(
                &format!("  {key:<width$} "),
                &format!("{value},"),
                screen.width,
            )
        })
        .collect();
    format!("#{{\n{}\n}}", pairs.join("\n"))
}
