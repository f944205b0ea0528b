//! Runs, read from a journal file one after the other.

use std::io::BufRead;

use quorate_journal::{ReadError, Record, Records};

use super::{Run, RunBuilder};

/// The runs of a journal file, in order. The file is read line by line: only the run that is being read is in memory.
///
/// A file that ends in the middle of a line gives what stands before that line: the last run's [`cut`](Run::cut) names it.
/// After any other error there is nothing more. A file without a line has no runs.
#[derive(Debug)]
pub struct Runs<R> {
    records: Records<R>,
    next: Option<RunBuilder>,
}

impl<R: BufRead> Runs<R> {
    /// Reads from `reader`.
    pub fn new(reader: R) -> Self {
        Runs {
            records: Records::new(reader),
            next: None,
        }
    }
}

impl<R: BufRead> Iterator for Runs<R> {
    type Item = Result<Run, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.records.next() {
                Some(Ok(Record::Header(header))) => {
                    let done = self.next.replace(RunBuilder::new(header));
                    if let Some(done) = done {
                        return Some(Ok(done.finish()));
                    }
                }
                Some(Ok(Record::Entry(entry))) => {
                    if let Some(run) = &mut self.next {
                        run.tell(&entry);
                    }
                }
                // Of a file that was cut in its header there is nothing to tell.
                Some(Err(ReadError::Torn { line })) if self.next.is_some() => {
                    let mut run = self.next.take()?.finish();
                    run.cut = Some(line);
                    return Some(Ok(run));
                }
                Some(Err(why)) => {
                    self.next = None;
                    return Some(Err(why));
                }
                None => return self.next.take().map(|run| Ok(run.finish())),
            }
        }
    }
}
