#!/bin/sh
# What must pass before a change lands. QUORATE names the program, if it is not on the PATH.
set -eu
cd "$(dirname "$0")"
quorate="${QUORATE:-quorate}"
built="${CARGO_TARGET_DIR:-target}/debug"

cargo test
cargo build
"$quorate" drill --plugin-dir "$built" drills
# The contract, call by call.
"$quorate" plugin check --brief "$built/librust_file_server.so"
