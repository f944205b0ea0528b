#!/bin/sh
# What must pass before a change lands. QUORATE names the program, if it is not on the PATH.
set -eu
cd "$(dirname "$0")"
quorate="${QUORATE:-quorate}"

"$quorate" drill --plugin-dir . drills
# The contract, call by call.
"$quorate" plugin check --brief quorate-plugin-python-file-server
