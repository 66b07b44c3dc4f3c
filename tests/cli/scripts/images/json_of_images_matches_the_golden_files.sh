#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"

qemu-img create -q -f qcow2 base.qcow2 3M
qemu-io -f qcow2 -c "write -q -P 1 64k 64k" base.qcow2
qemu-img create -q -f qcow2 -b base.qcow2 -F qcow2 top.qcow2 4M
qemu-img snapshot -c first top.qcow2
qemu-io -f qcow2 -c "write -q -P 2 0 64k" -c "write -q -z 1M 64k" top.qcow2
qemu-img bitmap --add -g 128k top.qcow2 nightly
run info top.qcow2 --json
expect_status 0
sed -i -E 's/("time": )"[^"]*"/\1"TIME"/; s/("bytes_allocated": )[0-9]+/\10/' out
expect_golden info.json
run map top.qcow2 --json
expect_golden map.json
: >empty.raw
run map empty.raw --json
expect_json
run info nothere.raw --json
expect_json_refusal 1 not_found "nothere.raw"
expect_golden error.json
