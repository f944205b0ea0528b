#!/usr/bin/env bash
# Counts the instructions of a few stories, by valgrind, and puts them beside the numbers that are checked in
# (benches/instructions.txt). Unlike times they hardly depend on the machine; they do on the compiler. A report: it fails if a
# story does, or cannot be counted.
#
#   benches/instructions.sh [FOLDER]           the table
#   benches/instructions.sh --write [FOLDER]   also puts the numbers into benches/instructions.txt
#
# FOLDER has examples/warm and the plugins (default: target/debug, where `cargo test --workspace` puts them).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
write=
if [ "${1:-}" = --write ]; then
    write=yes
    shift
fi
folder=${1:-target/debug}
if ! command -v valgrind >/dev/null; then
    echo "SKIPPED: valgrind is not installed; no instructions are counted" >&2
    exit 0
fi
if [ $# -eq 0 ]; then
    cargo build --quiet --locked --workspace --lib --example warm
fi
folder=$(cd "$folder" && pwd)
export QUORATE_PLUGIN_PATH=$folder
numbers=benches/instructions.txt
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cat > "$work/boot.rhai" <<EOF
drill("eight nodes come up", #{ cluster: "$PWD/scripts/clusters/eight-node.ron", seed: 1 }, || expect(group("EVS1").is_online));
EOF
cat > "$work/quiet.rhai" <<EOF
drill("ten minutes pass", #{ cluster: "$PWD/scripts/clusters/eight-node.ron", seed: 1 }, || {
    run("10m");
    expect(group("EVS1").is_online);
});
EOF

# Instructions and events of a file of drills that is run so many times.
count() {
    valgrind --tool=callgrind --callgrind-out-file="$work/out" "$folder/examples/warm" "$@" > "$work/said" 2>&1 || {
        cat "$work/said" >&2
        echo "$* did not pass" >&2
        exit 1
    }
    awk '
        /^c?fn=/ {
            called = /^c/
            number = $0; sub(/^c?fn=/, "", number)
            name = number; sub(/\).*/, ")", number)
            if (sub(/^\([0-9]+\) /, "", name)) step[number] = name ~ /World::step$/
            next
        }
        /^calls=/ { if (called && step[number]) { split($1, parts, "="); events += parts[2] } }
        /^totals:/ { instructions = $2 }
        END { if (!events) exit 1; print instructions, events }
    ' "$work/out" || {
        echo "World::step is not in the profile: no events can be counted" >&2
        exit 1
    }
}

# The difference of two counts.
row() {
    local name=$1 less=$2 more=$3
    awk -v name="$name" '{ printf "%s\t%d\t%d\n", name, $3 - $1, $4 - $2 }' <<< "$less $more"
}

limits=scripts/drills/exchange/limits.rhai
boot=$(count "$work/boot.rhai")
quiet=$(count "$work/quiet.rhai")
once=$(count "$limits" 1 "the largest cluster")
twice=$(count "$limits" 2 "the largest cluster")
{
    row "eight nodes come up" "0 0" "$boot"
    row "a node of eight is lost, once more in one process" "$once" "$twice"
    row "ten quiet minutes of eight nodes" "$boot" "$quiet"
} > "$work/now"

echo "| story | instructions | an event | checked in | ratio |"
echo "| --- | --- | --- | --- | --- |"
awk -F '\t' '
    FILENAME == ARGV[1] { before[$1] = $2; next }
    {
        ratio = before[$1] ? sprintf("%.2f", $2 / before[$1]) : "–"
        known = before[$1] ? sprintf("%.0f M", before[$1] / 1e6) : "–"
        printf "| %s | %.0f M | %.0f | %s | %s |\n", $1, $2 / 1e6, $3 ? $2 / $3 : 0, known, ratio
    }
' <(cat "$numbers" 2>/dev/null || true) "$work/now"
if [ -n "$write" ]; then
    cp "$work/now" "$numbers"
fi
