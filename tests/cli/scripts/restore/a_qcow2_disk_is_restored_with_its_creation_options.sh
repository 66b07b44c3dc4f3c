#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"

make_repository
make_image disk.raw 8

# What qemu-img reports about an image, except for its name and sizes.
kind_of() {
  qemu-img info "$1" | sed -n -e '/^cluster_size/p' -e '/^Format specific/,$p' >kind
  grep -v 'corrupt: false' kind
}

kinds=(
  ""
  cluster_size=512
  cluster_size=2M,lazy_refcounts=on
  compat=0.10
  compat=0.10,cluster_size=4k
  compression_type=zstd
  extended_l2=on
  extended_l2=on,cluster_size=16k,refcount_bits=64,compression_type=zstd,lazy_refcounts=on
  refcount_bits=1
)
for i in "${!kinds[@]}"; do
  qemu-img convert -f raw -O qcow2 -o "${kinds[i]:-compat=1.1}" disk.raw "disk$i.qcow2"
  run backup "disk$i.qcow2" --disk "d$i"
  expect_status 0
  run restore "d$i@latest" --to "back$i.qcow2"
  expect_status 0
  [ "$(kind_of "back$i.qcow2")" = "$(kind_of "disk$i.qcow2")" ] ||
    fail "'${kinds[i]}' was restored as: $(kind_of "back$i.qcow2")"
  qemu-img compare -q "back$i.qcow2" disk.raw || fail "'${kinds[i]}' was restored with other bytes"
  qemu-img check -q "back$i.qcow2" || fail "qemu-img check finds fault with '${kinds[i]}'"
done

# The user's options override those of the source, and those that they contradict are dropped.
run restore d7@latest --to old.qcow2 -o compat=0.10
expect_status 0
qemu-img info old.qcow2 >info
grep -q 'compat: 0.10' info && grep -q 'cluster_size: 16384' info || fail "$(cat info)"
run restore d1@latest --to big.qcow2 -o cluster_size=1M,compression_type=zstd -o refcount_bits=8
expect_status 0
qemu-img info big.qcow2 >info
grep -q 'cluster_size: 1048576' info && grep -q 'compression type: zstd' info && grep -q 'refcount bits: 8' info ||
  fail "$(cat info)"

# An overlay is restored as a self-contained image: the source never chooses a backing file.
qemu-img create -q -f qcow2 -b disk0.qcow2 -F qcow2 top.qcow2
qemu-io -f qcow2 -c 'write -q -P 7 1M 64k' top.qcow2
run backup top.qcow2 --disk top
expect_status 0
run restore top@latest --to whole.qcow2
expect_status 0
if qemu-img info whole.qcow2 | grep -q 'backing file'; then fail "the restored image names a backing file"; fi
qemu-img compare -q whole.qcow2 top.qcow2 || fail "the overlay was restored with other bytes"
