//! The languages of scripts: what each has of words, and which functions of its files are called from outside.

use quorate_script::{WordDoc, entries, entries_of_engine, policy_calls, policy_words};

/// The language of a kind of script.
pub(super) struct Language {
    /// What may be called and read.
    pub(super) words: Vec<WordDoc>,
    /// The functions that a file may have for somebody else to call.
    pub(super) calls: Vec<WordDoc>,
}

impl Language {
    pub(super) fn of_drills() -> Language {
        Language {
            words: entries(),
            calls: Vec::new(),
        }
    }

    pub(super) fn of_policies() -> Language {
        Language {
            words: policy_words(),
            calls: policy_calls(),
        }
    }

    pub(super) fn of_resources() -> Language {
        let calls = quorate_clusres::script::CALLS.iter();
        Language {
            words: entries_of_engine(&quorate_clusres::script::engine()),
            calls: calls
                .map(|call| {
                    let must = if call.required {
                        "Must be there"
                    } else {
                        "May be there"
                    };
                    WordDoc {
                        name: call.name.to_owned(),
                        on: None,
                        usage: format!("fn {}()", call.name),
                        text: format!("{must}. What the cluster calls it for: {}.", call.doc),
                        params: Vec::new(),
                        gives: None,
                        is_property: false,
                    }
                })
                .collect(),
        }
    }

    /// The function of this name that somebody else calls.
    pub(super) fn call(&self, name: &str) -> Option<&WordDoc> {
        self.calls.iter().find(|it| it.name == name)
    }
}
