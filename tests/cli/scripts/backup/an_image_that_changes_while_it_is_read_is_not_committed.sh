#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"
cp "$UNREADABLE_SECTORS" medium.so  # LD_PRELOAD takes no name with a blank

# run_while_written FILE:OFFSET ARGUMENT...: another process writes to FILE while it is read at OFFSET.
run_while_written() {
  status=0
  WRITTEN_AT=$1 LD_PRELOAD=./medium.so ASAN_OPTIONS=verify_asan_link_order=0 "$VARVE" "${@:2}" >out 2>err </dev/null ||
    status=$?
}

make_repository
make_image a.raw 8
qemu-img convert -f raw -O qcow2 a.raw base.qcow2
qemu-img create -q -f qcow2 -b base.qcow2 -F qcow2 top.qcow2
run backup a.raw
expect_status 0

run_while_written a.raw:4194304 backup a.raw
expect_status 1
expect_err "'a.raw' changed while it was read (its modification time changed)"
[ "$(wc -l <err)" = 1 ] || fail "one line was expected on standard error"
run_while_written base.qcow2:262144 backup top.qcow2 --disk top
expect_status 1
expect_err "base.qcow2' changed while it was read"
run_while_written a.raw:4194304 verify a@latest --against a.raw
expect_refusal 1 "changed while it was read"
run list
[ "$(wc -l <out)" = 2 ] || fail "one snapshot was expected"
run backup a.raw top.qcow2 --disk a --disk top
expect_status 0
run verify
expect_status 0
