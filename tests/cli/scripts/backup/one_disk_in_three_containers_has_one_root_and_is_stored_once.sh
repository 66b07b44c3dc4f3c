#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"

# The same guest bytes as raw, qcow2, compressed qcow2 with small clusters, and an overlay with its base.
make_image base.raw 40
qemu-img create -q -f qcow2 -b base.raw -F raw over.qcow2
qemu-io -f qcow2 -c "write -q -P 17 3M 200k" -c "write -q -z 4M 1M" -c "write -q -P 9 39M 1M" over.qcow2
qemu-img convert -O raw over.qcow2 flat.raw
qemu-img convert -O qcow2 over.qcow2 flat.qcow2
qemu-img convert -c -O qcow2 -o cluster_size=4096,compression_type=zstd over.qcow2 small.qcow2

root_of() {
  run show "$1@latest" --json
  expect_status 0
  grep -o '"root": *"[0-9a-f]*"' out
}

make_repository
run backup flat.raw --disk raw --json
expect_status 0
first=$(root_of raw)
for container in over.qcow2 flat.qcow2 small.qcow2; do
  run backup "$container" --disk "${container%.qcow2}" --json
  expect_status 0
  expect_out '"chunks_new": 0'
  [ "$(root_of "${container%.qcow2}")" = "$first" ] || fail "$container has another root than the raw disk"
done
for disk in raw over flat small; do
  run restore "$disk@latest" --to -
  expect_same out flat.raw
done
