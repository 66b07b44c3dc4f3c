#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"
cp "$UNREADABLE_SECTORS" medium.so  # LD_PRELOAD takes no name with a blank

# run_on_bad_medium RULE ARGUMENT...: runs the program on a medium whose sectors fail according to RULE.
run_on_bad_medium() {
  status=0
  UNREADABLE=$1 LD_PRELOAD=./medium.so ASAN_OPTIONS=verify_asan_link_order=0 "$VARVE" "${@:2}" >out 2>err </dev/null ||
    status=$?
}
# zeros FILE OFFSET LENGTH: what is stored for that place.
zeros() { dd if=/dev/zero of="$1" bs=1 seek="$2" count="$3" conv=notrunc status=none; }

make_repository
make_image a.raw 8
cp a.raw expected.raw
zeros expected.raw 8192 4096
zeros expected.raw 2097152 8192

# By default it fails, reports the offset, and commits nothing.
run_on_bad_medium a.raw:8704:512 backup a.raw
expect_status 1
expect_err "at offset 8704 of 'a.raw': Input/output error"
run list
expect_out "no snapshots"

printf 'a bad disk\n' >notes
run_on_bad_medium a.raw:8704:512,2101247:2 backup a.raw --read-errors zero --attach notes --time 2026-11-18T02:30Z
expect_status 3
expect_err "warning: a.raw: 2 places (12.0 KiB) could not be read and are zeros in the snapshot"
expect_out "2 places (12.0 KiB) could not be read and are zeros in the snapshot"
run restore a@latest --to b.raw
expect_status 0
expect_same b.raw expected.raw
run show a@latest
expect_out "unreadable      4096 bytes at offset 8192, zeros here"
expect_out "unreadable      8192 bytes at offset 2097152, zeros here"
run show a@latest --json
expect_json
expect_golden show_unreadable.json
[[ $(tr -d ' \n' <out) == *'"unreadable":[{"offset":8192,"length":4096},{"offset":2097152,"length":8192}]'* ]] ||
  fail "the ranges should be in the JSON"

# The next backup reads what it can again; on a sound medium the snapshot is complete, and reported so.
run_on_bad_medium a.raw:8704:512 backup a.raw --read-errors zero --json --time 2026-11-19T02:30Z
expect_status 3
expect_json
expect_golden backup_unreadable.json
expect_out '"offset": 8192'
run backup a.raw --read-errors zero
expect_status 0
expect_no_err
run restore a@latest --to c.raw
expect_same c.raw a.raw

# A disk declared raw does not even need its first sector; without that sector no format is guessed.
run_on_bad_medium a.raw:0:512 backup a.raw --read-errors zero
expect_status 1
expect_err "at offset 0 of 'a.raw'"
run_on_bad_medium a.raw:0:512 backup a.raw --read-errors zero --format raw
expect_status 3
expect_err "1 place (4.0 KiB) could not be read and is zeros"

# Unreadable tables of an image are not guessed.
qemu-img convert -f raw -O qcow2 a.raw d.qcow2
run_on_bad_medium d.qcow2:0:512 backup d.qcow2 --read-errors zero
expect_status 1
expect_err "at offset 0 of 'd.qcow2'"
run backup a.raw --read-errors maybe
expect_refusal 2 "--read-errors needs fail or zero, not 'maybe'"

# Nothing is taken over unread from a snapshot that has zeros for unreadable places.
qemu-img convert -f raw -O qcow2 a.raw s.qcow2
qemu-img snapshot -c s s.qcow2
place=$(qemu-img map --output=json s.qcow2 | grep -o '"start": 0,.*"offset": [0-9]*' | grep -o '[0-9]*$')
run_on_bad_medium "s.qcow2:$place:512" backup s.qcow2 --disk s --snapshot s --read-errors zero
expect_status 3
run backup s.qcow2 --disk s --audit 0 --json
expect_status 0
expect_out '"change_source": "rescan"'
run restore s@latest --to d.raw --format raw
expect_status 0
expect_same d.raw a.raw
