#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"

size_of() { qemu-img info -f qcow2 --output=json "$1" | sed -nE 's/.*"virtual-size": ([0-9]+).*/\1/p' | tail -n 1; }

make_image whole.raw 4
head -c 3000777 whole.raw >odd.raw
{
  cat odd.raw
  head -c 55 /dev/zero
} >rounded.raw
[ "$(stat -c %s rounded.raw)" = $((5861 * 512)) ] || fail "the expected image is wrong"

# qcow2 keeps the size to the byte, but qemu and its guests do not see the bytes past the last whole sector.
run convert odd.raw odd.qcow2
expect_status 0
expect_err "round_up=on"
run convert odd.qcow2 back.raw
expect_same back.raw odd.raw

# With round_up=on the sector is completed by zeros, as qemu-img does it, and there is nothing to warn of.
run convert odd.raw full.qcow2 -o round_up=on
expect_status 0
expect_no_err
qemu-img check -q full.qcow2
[ "$(size_of full.qcow2)" = "$(stat -c %s rounded.raw)" ] || fail "full.qcow2 has another size"
qemu-img compare -q -f qcow2 -F raw full.qcow2 rounded.raw || fail "full.qcow2 has other bytes"
run convert whole.raw whole.qcow2
expect_no_err

# The same from a snapshot.
make_repository
run backup odd.raw --disk odd
run restore odd@latest --to restored.qcow2
expect_status 0
expect_err "round_up=on"
run restore odd@latest --to rounded.qcow2 -o round_up=on
expect_status 0
expect_no_err
qemu-img compare -q -f qcow2 -F raw rounded.qcow2 rounded.raw || fail "rounded.qcow2 has other bytes"

# An image of another size: the common part is compared, and then the sizes.
run verify odd@latest --against rounded.qcow2
expect_status 3
expect_out "and the part that both have is the same"
overwrite rounded.raw 1048576 "changed"
run verify odd@latest --against rounded.raw
expect_status 3
expect_out "content_differs at offset 1048576, "
[[ $(<out) != *"can be restored"* ]] || fail "a comparison does not speak of nights"
expect_out "the image has $(stat -c %s rounded.raw) bytes, the snapshot 3000777"
