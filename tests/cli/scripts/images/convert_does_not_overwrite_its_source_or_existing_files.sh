#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"

make_image base.raw 4
qemu-img create -q -f qcow2 -b base.raw -F raw middle.qcow2
qemu-img create -q -f qcow2 -b middle.qcow2 -F qcow2 top.qcow2
qemu-io -f qcow2 -c "write -q -P 5 1M 70000" top.qcow2
echo precious >there.raw
run convert top.qcow2 there.raw
expect_refusal 1 "there.raw"
[ "$(<there.raw)" = precious ] || fail "the file was overwritten"
run convert top.qcow2 there.raw --force
expect_status 0
run compare top.qcow2 there.raw
expect_status 0
# No file of the chain can be the target, under any name, with or without --force.
sha256sum base.raw middle.qcow2 top.qcow2 >sums
ln base.raw hard.raw
ln -s base.raw soft.raw
mkdir elsewhere
ln -s .. elsewhere/up
for target in base.raw middle.qcow2 top.qcow2 hard.raw soft.raw ./elsewhere/up/base.raw; do
  for force in "" --force; do
    run convert top.qcow2 $target $force
    expect_status 1
    expect_no_out
  done
done
run convert top.qcow2 base.raw --force
expect_err "is never overwritten"
run convert top.qcow2 hard.raw --force
expect_err "is never overwritten"
sha256sum --check --quiet sums || fail "a source was changed"
# A source that fails midway leaves nothing under a new name, and an existing file unchanged.
qemu-img convert -f raw -O qcow2 base.raw broken.qcow2
truncate -s 300K broken.qcow2
echo precious >kept.raw
run convert broken.qcow2 kept.raw --force
expect_status 1
[ "$(<kept.raw)" = precious ] || fail "the old file is gone"
run convert broken.qcow2 new.raw
expect_status 1
[ ! -e new.raw ] || fail "a half-done file was left"
[ -z "$(find . -name '.*varve*')" ] || fail "a temporary file was left"
# So does a source that was written to in the meantime.
make_image long.raw 16
{ "$VARVE" convert long.raw - 2>err || echo "$?" >ended; } | {
  head -c 1 >/dev/null
  overwrite long.raw 1000 changed
  cat >/dev/null
}
[ "$(<ended)" = 1 ] || fail "a source that changed was accepted"
expect_err "long.raw"
run convert nothere.raw new.raw
expect_refusal 1 "nothere.raw"
"$VARVE" convert - new.raw </dev/null >out 2>err && fail "an empty pipe was accepted"
expect_err "standard input is empty"
[ ! -e new.raw ] || fail "an empty file was left"
