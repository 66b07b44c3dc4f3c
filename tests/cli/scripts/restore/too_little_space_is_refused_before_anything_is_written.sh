#!/usr/bin/env bash
# In its own mount namespace, with a file system of 8 MiB.
needs_mount_namespace=yes
. "$(dirname "$0")/../lib.sh"

mkdir small
mount -t tmpfs -o size=8m small small
trap 'umount small; clean_up' EXIT
make_repository
# 6 MiB of data on a disk of 1 GiB, thin.
truncate -s 1G a.raw
head -c 6M /dev/urandom | dd of=a.raw bs=1M seek=10 conv=notrunc status=none iflag=fullblock
run backup a.raw --disk a
run restore a@latest --to small/a.raw
expect_status 0
expect_same small/a.raw a.raw
# Now there is no room for a second copy, not even in its own place: the old file is removed last.
expect_too_little() {
  expect_refusal 1 "nothing was written"
  expect_err "needs up to 6."
  expect_err " MiB free ("
  expect_err "--no-space-check"
  [ "$(ls -A small)" = a.raw ] || fail "something was left: $(ls -A small)"
}
for target in small/b.raw small/b.qcow2 small/c/ "small/a.raw --force"; do
  # shellcheck disable=SC2086
  run restore a@latest --to $target
  expect_too_little
done
for target in small/b.raw small/b.qcow2 "small/a.raw --force"; do
  # shellcheck disable=SC2086
  run convert a.raw $target
  expect_too_little
done
run restore a@latest --to small/b.raw --no-space-check
expect_refusal 1 "No space left"
[ "$(ls -A small)" = a.raw ] || fail "something was left: $(ls -A small)"
run convert a.raw small/b.qcow2
expect_too_little
# What fits is not refused: a range, and a thin image.
run restore a@latest --range 10M+1M --to small/part.raw
expect_status 0
truncate -s 1G thin.raw
run backup thin.raw --disk thin
run restore thin@latest --to small/thin.qcow2
expect_status 0
run convert thin.raw small/thin.raw
expect_status 0
rm small/part.raw small/thin.qcow2 small/thin.raw

# Several disks count together.
head -c 1300K /dev/urandom >one.raw
run backup one.raw --disk one
run backup one.raw --disk two
run restore one@latest two@latest --to small/
expect_refusal 1 "'small/one.raw' and 1 more need up to 2.5 MiB"
[ "$(ls -A small)" = a.raw ] || fail "something was left: $(ls -A small)"

# Data that turns out to be mostly zeros: the user may know better.
truncate -s 6M mostly.raw
for ((i = 0; i < 96; i++)); do overwrite mostly.raw $((i * 65536)) x; done
run backup mostly.raw --disk mostly
run restore mostly@latest --to small/m.raw
expect_refusal 1 "--no-space-check"
run restore mostly@latest --to small/m.raw --no-space-check
expect_status 0
expect_same small/m.raw mostly.raw
