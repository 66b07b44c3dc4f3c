#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"

# hold IMAGE OPTION...: a real qemu-io that keeps the image open.
hold() {
  local image=$1
  shift
  qemu-io "$@" -c 'sleep 300000' "$image" >/dev/null 2>&1 &
  holder=$!
  children+=("$holder")
  for _ in {1..600}; do
    if grep -q "OFDLCK.*:$(stat -c %i "$image") " /proc/locks; then
      sleep 0.2 # its locks come one after the other
      return
    fi
    sleep 0.05
  done
  fail "qemu-io took no lock on $image"
}
release() {
  kill "$holder"
  wait "$holder" 2>/dev/null || true
}

make_repository
make_image a.raw 4
qemu-img convert -f raw -O qcow2 a.raw base.qcow2
qemu-img create -q -f qcow2 -b base.qcow2 -F qcow2 top.qcow2
run backup base.qcow2 --disk vm
expect_status 0

hold top.qcow2 -f qcow2
run backup top.qcow2 --disk vm
expect_refusal_of_backup() {
  expect_status 1
  [ "$(wc -l <err)" = 1 ] || fail "one line was expected on standard error"
  expect_err "$1"
}
expect_refusal_of_backup "'top.qcow2' is in use: process $holder (qemu-io) holds QEMU's write lock on it; shut the machine"
run verify vm@latest --against top.qcow2
expect_refusal 1 "is in use"
# info and map are allowed, with a warning; so is reading the base, which QEMU only reads.
run info top.qcow2
expect_status 0
expect_out "qcow2"
expect_err "warning: 'top.qcow2' is in use"
run map top.qcow2
expect_status 0
expect_err "what is shown may be out of date"
run backup base.qcow2 --disk vm
expect_status 0
expect_no_err
# In the meantime neither the image nor its base is overwritten.
cp base.qcow2 base.copy
for target in top.qcow2 base.qcow2; do
  for force in "" --force; do
    run restore vm@latest --to "$target" $force
    expect_status 1
    expect_no_out
  done
  expect_err "'$target' is in use: process $holder (qemu-io) holds QEMU's locks on it"
done
expect_same base.qcow2 base.copy
release

# An overlay of a base that a machine writes to is unusable.
hold base.qcow2 -f qcow2
run backup top.qcow2 --disk vm
expect_refusal_of_backup "base.qcow2' is in use"
release
run backup top.qcow2 --disk vm
expect_status 0
run list
[ "$(grep -c ' vm ' out)" = 3 ] || fail "three snapshots were expected"
