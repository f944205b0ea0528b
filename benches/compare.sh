#!/usr/bin/env bash
# Compares what it costs to ask Quorate and Pacemaker's crm_simulate the same question: eight nodes, seven of which run
# a group of eleven resources each, and the eighth stands by. One node is lost. Who takes over what it ran?
#
#   benches/compare.sh [FOLDER]
#
# FOLDER has the program and the plugins (default: target/release, built if the program is not there). crm_simulate is
# installed with apt-get where it is missing. Both are run in turns, seven times each, and the table for
# docs/performance.md is printed: CPU is user and system time of the process and of those that it started, the median of
# the runs; instructions are counted where valgrind is installed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
runs=7
further=10
folder=${1:-target/release}
story=scripts/drills/exchange/limits.rhai
drill="the largest cluster"

if ! command -v crm_simulate >/dev/null; then
    apt-get update >/dev/null
    apt-get install -y --no-install-recommends pacemaker-cli-utils >/dev/null
fi
if [ ! -x "$folder/quorate" ] || [ ! -x "$folder/examples/warm" ]; then
    cargo build --release --workspace --lib --bins --example warm
fi
folder=$(cd "$folder" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export QUORATE_PLUGIN_PATH=$folder
# As it is installed: with the plugins that ship, and without those that tests need.
mkdir "$work/installed"
cp "$folder"/quorate "$folder"/libquorate_{clusres,exres}.so "$work/installed"

# The same cluster for Pacemaker: every node up, nothing started yet.
cluster() {
    echo '<cib crm_feature_set="3.0.14" validate-with="pacemaker-3.0" epoch="1" num_updates="0" admin_epoch="0" have-quorum="1" dc-uuid="1"><configuration>'
    echo '<crm_config><cluster_property_set id="options"><nvpair id="stonith" name="stonith-enabled" value="false"/></cluster_property_set></crm_config><nodes>'
    for node in 1 2 3 4 5 6 7 8; do echo "<node id=\"$node\" uname=\"NODE$node\"/>"; done
    echo '</nodes><resources>'
    for group in 1 2 3 4 5 6 7; do
        echo "<group id=\"EVS$group\">"
        for resource in 1 2 3 4 5 6 7 8 9 10 11; do
            id="EVS$group-$resource"
            echo "<primitive id=\"$id\" class=\"ocf\" provider=\"pacemaker\" type=\"Dummy\"><operations><op id=\"$id-monitor\" name=\"monitor\" interval=\"5s\"/></operations></primitive>"
        done
        echo '</group>'
    done
    echo '</resources><constraints>'
    for group in 1 2 3 4 5 6 7; do
        echo "<rsc_location id=\"home-$group\" rsc=\"EVS$group\" node=\"NODE$group\" score=\"200\"/>"
        echo "<rsc_location id=\"standby-$group\" rsc=\"EVS$group\" node=\"NODE8\" score=\"100\"/>"
    done
    echo '</constraints></configuration><status>'
    for node in 1 2 3 4 5 6 7 8; do
        echo "<node_state id=\"$node\" uname=\"NODE$node\" in_ccm=\"true\" crmd=\"online\" join=\"member\" expected=\"member\"><lrm id=\"$node\"><lrm_resources/></lrm></node_state>"
    done
    echo '</status></cib>'
}
mkdir "$work/question"
cluster > "$work/cluster.xml"
crm_simulate --simulate --xml-file "$work/cluster.xml" --save-output "$work/question/settled.xml" > /dev/null
answer=$(crm_simulate --simulate --xml-file "$work/question/settled.xml" --node-down NODE1)
if ! grep -q 'EVS1-11.*Started NODE8' <<< "$answer"; then
    echo "crm_simulate does not bring EVS1 up on NODE8:" >&2
    echo "$answer" >&2
    exit 1
fi

ours=(env -u QUORATE_PLUGIN_PATH "$work/installed/quorate" drill "$story" --filter "$drill" --brief -j 1)
once=("$folder/examples/warm" "$story" 1 "$drill")
often=("$folder/examples/warm" "$story" $((further + 1)) "$drill")
theirs=(crm_simulate --simulate --xml-file "$work/question/settled.xml" --node-down NODE1)
alone=(crm_simulate --profile "$work/question" --repeat 1)

# Adds the CPU time of a command in milliseconds to the list of this name.
measure() {
    local list=$1 times
    shift
    TIMEFORMAT='%U %S'
    times=$({ time "$@" > /dev/null 2> /dev/null; } 2>&1)
    awk '{ print ($1 + $2) * 1000 }' <<< "$times" >> "$work/$list"
}
median() { sort -n "$1" | sed -n "$(((runs + 1) / 2))p"; }
# Instructions of a command, in millions; of nothing where they cannot be counted.
count() {
    command -v valgrind >/dev/null || return 0
    valgrind --tool=callgrind --callgrind-out-file=/dev/null "$@" 2>&1 > /dev/null |
        sed -n 's/.*Collected : \([0-9]*\)$/\1/p' | awk '{ printf "%.0f", $1 / 1000000 }'
}

for run in $(seq $runs); do
    measure ours "${ours[@]}"
    measure theirs "${theirs[@]}"
    measure once "${once[@]}"
    measure often "${often[@]}"
    measure alone "${alone[@]}"
done
paste "$work/once" "$work/often" | awk -v n=$further '{ print ($2 - $1) / n }' > "$work/warm"

theirs_ms=$(median "$work/theirs")
theirs_count=$(count "${theirs[@]}")
once_count=$(count "${once[@]}")
twice=("$folder/examples/warm" "$story" 2 "$drill")
twice_count=$(count "${twice[@]}")
row() {
    local ratio
    ratio=$(awk -v a="$theirs_ms" -v b="$2" 'BEGIN { if (b > 0) printf "%.2f", a / b; else print "–" }')
    printf '| %s | %.1f ms | %s | %s |\n' "$1" "$2" "${3:-–}" "$ratio"
}
in_millions() { if [ -n "$1" ]; then echo "$1 M"; fi; }
echo "| what is run | CPU | instructions | times less than \`crm_simulate\` |"
echo "| --- | --- | --- | --- |"
row '`crm_simulate`: where everything goes' "$theirs_ms" "$(in_millions "$theirs_count")"
row '`crm_simulate --profile`: the same, scheduled once and not carried out' "$(median "$work/alone")"
row '`quorate drill`: boot, loss, takeover, every message and check' "$(median "$work/ours")"
row 'the same drill once more in one process' "$(median "$work/warm")" \
    "$(in_millions "${once_count:+$((twice_count - once_count))}")"
