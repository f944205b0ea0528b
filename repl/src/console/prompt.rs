//! The prompt: cluster, virtual time and trouble.

use super::Session;
use super::trouble::Trouble;
use crate::output::{Paint, Tone};
use crate::report;

impl Session {
    /// The prompt before the next input: as it is, and with its colours.
    pub(super) fn prompt(&self) -> (String, String) {
        if let Some(live) = &self.live {
            let plain = live.prompt();
            return (plain.clone(), plain);
        }
        let console = self.console.borrow();
        let Some(status) = console.status() else {
            let plain = "quorate > ".to_owned();
            return (plain.clone(), plain);
        };
        let story = self.story.borrow();
        let trouble = Trouble::of(&status, &story).count();
        // Milliseconds are for lines that are compared.
        let clock = report::clock(status.now);
        let clock = clock.split('.').next().unwrap_or(&clock);
        let mark = if story.screen().unicode {
            "\u{25b2}"
        } else {
            "!"
        };
        let drawn = |paint: Paint| {
            let trouble = match trouble {
                0 => String::new(),
                count => format!(" {}", paint.tone(Tone::Bad, &format!("{mark}{count}"))),
            };
            format!(
                "{} {clock}{trouble} > ",
                paint.tone(Tone::Strong, &status.cluster)
            )
        };
        (drawn(Paint(false)), drawn(self.output.paint()))
    }
}
