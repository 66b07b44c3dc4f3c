#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"

hard=$(ulimit -Hn)
[ "$hard" = unlimited ] || [ "$hard" -ge 2048 ] || exit 77 # not that many files may be open here at all

# 1,151 pieces of 2047 MiB, almost empty.
truncate -s 2300G disk.raw
for at in 0 1099511627776 2469606195190; do
  printf 'written' | dd of=disk.raw bs=1 seek="$at" conv=notrunc status=none
done
run convert disk.raw disk.vmdk -o subformat=twoGbMaxExtentSparse
expect_status 0
[ -e disk-s1151.vmdk ] || fail "1,151 pieces were expected"

(
  ulimit -Sn 256
  run compare disk.raw disk.vmdk
  expect_status 0
)
# If the limit cannot be raised, it is one error message. (The sanitizers need descriptors themselves: clang's check of a
# virtual call opens a pipe to look at the object, and without one takes every object for a bad one.)
[ -z "${SANITIZED:-}" ] || exit 0
(
  ulimit -n 256
  run info disk.vmdk
  expect_status 1
  expect_no_out
  [[ $(tail -n 1 err) == "varve: "*"Too many open files"*"ulimit -n"* ]] || fail "the last line should name the error"
)
