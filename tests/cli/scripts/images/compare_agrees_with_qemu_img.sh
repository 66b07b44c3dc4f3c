#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"

# The same disk in many containers, with some changes; qemu-img compares every pair, too.
make_image base.raw 6
cp base.raw data.raw && fallocate --dig-holes data.raw && truncate -s 5M cut.raw
dd if=base.raw of=cut.raw bs=1M count=5 conv=notrunc,sparse status=none
cp base.raw longer.raw && truncate -s 7M longer.raw
cp longer.raw tail.raw && overwrite tail.raw 7000000 tail
cp base.raw first.raw && overwrite first.raw 0 x
cp base.raw last.raw && overwrite last.raw 6291455 x
cp base.raw hole.raw && overwrite hole.raw 1500000 x
cp base.raw odd.raw && truncate -s 6291957 odd.raw
for name in base first tail; do qemu-img convert -f raw -O qcow2 $name.raw $name.qcow2; done
qemu-img convert -f raw -O qcow2 -o cluster_size=512 base.raw small.qcow2
qemu-img convert -c -f raw -O qcow2 base.raw packed.qcow2
qemu-img convert -S 0 -f raw -O qcow2 base.raw full.qcow2
qemu-img create -q -f qcow2 -b base.qcow2 -F qcow2 same_over.qcow2
qemu-img create -q -f qcow2 -b base.raw -F raw over.qcow2
qemu-io -f qcow2 -c "write -q -z 0 64k" -c "write -q -P 9 3M 1k" over.qcow2
qemu-img create -q -f qcow2 -b base.qcow2 -F qcow2 zeroed.qcow2 8M
qemu-io -f qcow2 -c "write -q -z 6M 1M" zeroed.qcow2
qemu-img create -q -f qcow2 empty.qcow2 6M
truncate -s 6M empty.raw

pairs=0
images=(*.raw *.qcow2)
for a in "${images[@]}"; do
  for b in "${images[@]}"; do
    [[ "$a" < "$b" || "$a" = base.raw ]] || continue
    pairs=$((pairs + 1))
    [ -z "$SANITIZED" ] || [ $((pairs % 4)) = 0 ] || continue  # the answers are checked by the plain build
    expected=0 first="" offset=""
    qemu-img compare -f "${a##*.}" -F "${b##*.}" "$a" "$b" >qemu 2>&1 || expected=$?
    [ "$expected" -le 1 ] || fail "qemu-img compare $a $b: $(<qemu)"
    run compare -f "${a##*.}" -F "${b##*.}" "$a" "$b"
    expect_no_err
    if [ "$expected" = 1 ]; then
      expect_status 3
      expect_out "the images differ: first at byte "
      # qemu-img reports the offset of a sector or block.
      [[ $(<out) =~ 'first at byte '([0-9]+), ]] && first=${BASH_REMATCH[1]}
      [[ $(<qemu) =~ 'mismatch at offset '([0-9]+)! ]] && offset=${BASH_REMATCH[1]}
      [ "$first" -ge "$offset" ] && [ "$first" -lt $((offset + 65536)) ] ||
        fail "$a $b: byte $first, but qemu-img reports: $(<qemu)"
    elif [[ $(<qemu) == *"size mismatch"* ]]; then
      expect_status 3
      expect_out "the same content, but not the same size: "
    else
      expect_status 0
      expect_out "the images are the same: "
    fi
    run compare "$a" "$b" -q
    expect_no_out
  done
done
[ "$pairs" -gt 100 ] || fail "only $pairs pairs"

# What an administrator on call needs.
run compare base.raw hole.raw
expect_out "the images differ: first at byte 1500000, 4.0 KiB in 1 range"
run compare base.raw longer.raw
expect_out "not the same size: B is 1.0 MiB (1048576 bytes) larger, and zero there"
run compare tail.raw base.raw
expect_out "first at byte 7000000, 4.0 KiB in 1 range; A is 1.0 MiB (1048576 bytes) larger, with data there"
run compare base.raw odd.raw
expect_out "B is 501 B larger, and zero there"
run compare base.raw over.qcow2 --verbose
expect_status 3
expect_out "OFFSET  LENGTH"
expect_out "      0   24576"
run compare base.raw over.qcow2 --json
expect_status 3
expect_json
expect_golden compare.json
run compare base.raw longer.raw -q --json
expect_status 3
expect_golden compare_size.json
run compare base.raw base.qcow2 --json
expect_status 0
# Formats and snapshots are specified as elsewhere.
run compare -f raw base.qcow2 base.raw
expect_status 3
qemu-img snapshot -c before first.qcow2
qemu-io -f qcow2 -c "write -q -P 1 5M 1M" first.qcow2
run compare first.raw first.qcow2
expect_status 3
run compare first.raw first.qcow2 --snapshot-b before
expect_status 0
run compare --snapshot before first.qcow2 first.raw
expect_status 0
# Error cases.
run compare base.raw
expect_refusal 2 "2 names are expected"
run compare base.raw nothere.raw
expect_refusal 1 "nothere.raw"
run compare base.raw base.qcow2 -F bochs
expect_refusal 2 "bochs"
