#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"

make_repository
make_image a.raw 4

# Whatever goes wrong, even with the command line itself, is one document.
run show a@latest --json
expect_json_refusal 1 not_found "varve: "
run --json bakcup a.raw
expect_json_refusal 2 usage "did you mean 'backup'?"
run backup --json --no-such-option
expect_json_refusal 2 usage "unknown option"
run init repo --json
expect_json_refusal 1 refused "already holds a varve repository"
printf 'not a qcow2' >b.qcow2
run info b.qcow2 --json
expect_json_refusal 1 refused "b.qcow2"
run list -- --json
expect_status 1
expect_no_out

# What failed for one disk has the same form beside what was done for the others.
run backup a.raw nothere.raw --disk a --disk b --json
expect_status 1
expect_json
expect_out '"disk": "a"'
expect_out '"code": "not_found"'
[[ $(<out) != *$'\n  "error"'* ]] || fail "the command as a whole did its work"

# A map that ends at a damaged table is whole JSON: what is known, and the error.
qemu-img create -q -f qcow2 -o cluster_size=4k table.qcow2 64M
qemu-io -f qcow2 -c "write -q -P 7 0 64k" -c "write -q -P 8 60M 64k" table.qcow2
l1=$(od -An -tu8 --endian=big -j40 -N8 table.qcow2)
printf '\377' | dd of=table.qcow2 bs=1 seek=$((l1 + 30 * 8 + 1)) conv=notrunc status=none
run map table.qcow2 --json
expect_json_refusal 1 corrupt "table.qcow2"
expect_out '{"offset": 0, "length": 65536, "kind": "data"}'

# Where standard output takes nothing, the exit status tells.
status=0
"$VARVE" list --json >/dev/full 2>err || status=$?
expect_status 1
expect_err "cannot write to standard output"

# A warning is in the document, too.
run convert a.raw out.vdi --force --json
expect_json
expect_out '"warnings": []'
: >empty.raw
run backup empty.raw --disk empty --json
expect_json
expect_err "warning"
[[ $(<out) != *'"warnings": []'* ]] || fail "the warning is missing"
