//! Standard output and error, and their colours.

use std::io::{self, IsTerminal, Write};

use clap::ValueEnum;
use owo_colors::{OwoColorize, Style};

/// When to use colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Colour {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Standard output and error, with colours if they are wanted. Text that cannot be written, because the reader of a
/// pipe has gone, is dropped: the exit status is still right.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    out_colour: bool,
    err_colour: bool,
    /// Whether a status line may be drawn: both streams are a terminal.
    live: bool,
}

/// The meaning of a text, which decides its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    /// Nothing special.
    Plain,
    /// Titles, names.
    Strong,
    /// Good.
    Good,
    /// Under way, or in need of attention.
    Care,
    /// Bad.
    Bad,
    /// Less important.
    Faint,
    /// Places and help.
    Guide,
}

impl Output {
    pub(crate) fn new(colour: Colour) -> Output {
        let wanted = |terminal: bool| match colour {
            Colour::Always => true,
            Colour::Never => false,
            Colour::Auto => {
                terminal
                    && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
                    && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
            }
        };
        let (out, err) = (io::stdout().is_terminal(), io::stderr().is_terminal());
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        Output {
            out_colour: wanted(out),
            err_colour: wanted(err),
            live: out && err && !dumb,
        }
    }

    /// Whether a status line may be drawn.
    pub(crate) fn is_live(&self) -> bool {
        self.live
    }

    /// Colours for standard output.
    pub(crate) fn paint(&self) -> Paint {
        Paint(self.out_colour)
    }

    /// Colours for standard error.
    pub(crate) fn paint_err(&self) -> Paint {
        Paint(self.err_colour)
    }

    /// A line on standard output.
    pub(crate) fn line(&mut self, text: &str) {
        let _ = writeln!(io::stdout().lock(), "{text}");
    }

    /// Bytes on standard output.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        let mut out = io::stdout().lock();
        let _ = out.write_all(bytes).and_then(|()| out.flush());
    }

    /// Bytes on standard error.
    pub(crate) fn err_bytes(&mut self, bytes: &[u8]) {
        let _ = io::stderr().lock().write_all(bytes);
    }

    /// A line on standard error, as it is.
    pub(crate) fn err_line(&mut self, text: &str) {
        let _ = writeln!(io::stderr().lock(), "{text}");
    }

    /// An error without a place.
    pub(crate) fn error(&mut self, text: &str) {
        let label = self.paint_err().tone(Tone::Bad, "error");
        self.err_line(&format!("{label}: {text}"));
    }

    /// A warning without a place.
    pub(crate) fn warn(&mut self, text: &str) {
        let label = self.paint_err().tone(Tone::Care, "warning");
        self.err_line(&format!("{label}: {text}"));
    }

    /// Asks a question on the terminal. False without a terminal.
    pub(crate) fn ask(&mut self, question: &str) -> bool {
        if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
            return false;
        }
        let text = self.paint_err().tone(Tone::Care, question);
        let mut err = io::stderr().lock();
        let _ = write!(err, "{text} [y/N] ").and_then(|()| err.flush());
        let mut answer = String::new();
        let read = io::stdin().read_line(&mut answer);
        read.is_ok() && ["y", "yes"].contains(&answer.trim().to_lowercase().as_str())
    }

    /// Draws the status line; an empty text removes it. A line wider than the terminal is cut, since one that
    /// continued on the next line could not be removed.
    pub(crate) fn status(&mut self, text: &str) {
        if self.live {
            let mut err = io::stderr().lock();
            let line = format!("\r\x1b[2K\x1b[?7l{text}\x1b[?7h");
            let _ = write!(err, "{line}").and_then(|()| err.flush());
        }
    }
}

/// Colours, or none.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Paint(pub(crate) bool);

impl Paint {
    /// A text with the colour of a tone.
    pub(crate) fn tone(self, tone: Tone, text: &str) -> String {
        if !self.0 || text.is_empty() {
            return text.to_owned();
        }
        let style = match tone {
            Tone::Plain => return text.to_owned(),
            Tone::Strong => Style::new().bold(),
            Tone::Good => Style::new().green(),
            Tone::Care => Style::new().yellow(),
            Tone::Bad => Style::new().red().bold(),
            Tone::Faint => Style::new().dimmed(),
            Tone::Guide => Style::new().cyan(),
        };
        text.style(style).to_string()
    }

    /// A text with the colour of a tone, padded with blanks to a width in characters.
    pub(crate) fn cell(self, tone: Tone, text: &str, width: usize) -> String {
        let fill = width.saturating_sub(text.chars().count());
        format!("{}{}", self.tone(tone, text), " ".repeat(fill))
    }
}
