#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"

make_repository
make_image a.raw 2
for day in 18 19 20; do
  run backup web01/vda=a.raw web01/vdb=a.raw --group web01 --time "2026-11-${day}T02:30:15Z"
  run backup db01/vda=a.raw --time "2026-11-${day}T03:30Z"
done
expect_status 0

# shows DISK... -- ARGUMENT...: exactly these disks, in this order.
shows() {
  local expected=()
  while [ "$1" != -- ]; do
    expected+=("$1")
    shift
  done
  run list "${@:2}"
  expect_status 0
  expect_no_err
  [ "$(tail -n +2 out | awk '{print $2}' | xargs)" = "${expected[*]}" ] || fail "expected ${expected[*]} for: ${*:2}"
}
shows web01/vda web01/vdb -- web01 --last 1
shows web01/vda web01/vdb -- web01/vda --disk web01/vdb --last 1
shows db01/vda web01/vda -- '*/vda' --last 1
shows db01/vda web01/vda web01/vdb -- '*b*' --last 1
shows db01/vda db01/vda -- db01 --last 2
shows db01/vda -- db01 --until 2026-11-18
shows db01/vda db01/vda -- db01 --until "2026-11-19 03:30"
shows db01/vda -- db01 --since 2026-11-19 --until 2026-11-19
shows db01/vda db01/vda db01/vda -- db01 --since 2026-11 --until 2026-11
run list db01 --until 2026-11-19 --last 1
expect_out "2026-11-19 03:30:00"
run list web02
expect_refusal 1 "no disk or machine 'web02'; did you mean 'web01'?"
run list web01/vdc
expect_refusal 1 "did you mean 'web01/vd"
run list web01 'x*'
expect_refusal 1 "no disk or machine 'x*'"
run list --last 0
expect_refusal 2 "--last"
run list db01 --last 1 --verbose
expect_out "$(hostname)"
expect_out "2026-11-20T03:30:00+00:00"
run show db01/vda@latest
expect_out "host            $(hostname)"

# Wide characters, long names, groups, tags and internal snapshots: 80 columns, aligned.
qemu-img create -q -f qcow2 disk.qcow2 1M
qemu-img snapshot -c 'before the upgrade to the newest release' disk.qcow2
run backup サーバ/ディスク=a.raw --tag owner=チーム --tag a=long --time 2026-11-20
run backup a-machine-with-a-very-long-name/and-a-disk-with-a-very-long-name=a.raw --tag "why=it is long, too"
run backup disk.qcow2 --disk 🚀 --all-snapshots
expect_status 0
run list
expect_status 0
python3 - <<'P' || fail "the table does not fit or is not aligned"
import unicodedata
def columns(text):
    return sum(2 if unicodedata.east_asian_width(c) in 'WF' else 1 for c in text)
lines = open('out', encoding='utf-8').read().splitlines()
assert max(map(columns, lines)) <= 80, max(map(columns, lines))
title = lines[0].index('TIME')
for line in lines[1:]:
    place = line.index('2026-') if '2026-' in line else line.index('20')
    assert columns(line[:place]) == title, line
P
expect_out "before"
run list --verbose
expect_out "before the upgrade to the newest release"
status=0
"$VARVE" list >/dev/full 2>err || status=$?
expect_status 1
for i in $(seq 1 50); do printf 'k%s=%0200d\n' "$i" 0; done >tags
mapfile -t tags <tags
run backup a.raw --disk tagged "${tags[@]/#/--tag=}"
expect_status 0
for run in 1 2 3 4 5; do
  "$VARVE" tag "tagged@latest" --add "n=$run" -q
  { "$VARVE" list -v 2>err; echo "$?" >head_status; } | head -1 >/dev/null
  [ "$(<head_status)" = 0 ] || fail "a reader that has seen enough is no error"
  [ ! -s err ] || fail "a reader that has seen enough needs no message"
done
