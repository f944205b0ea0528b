#!/bin/sh
# What must pass before a change lands. QUORATE names the program, if it is not on the PATH.
set -eu
cd "$(dirname "$0")"
quorate="${QUORATE:-quorate}"
built="${BUILD:-build}"

make BUILD="$built"
make test QUORATE="$quorate" BUILD="$built"
# The contract, call by call.
"$quorate" plugin check --brief "$built/libc_store.so"
