//! A run as its journal tells it: what every report is made of, from a journal and from nothing else.
#![forbid(unsafe_code)]
