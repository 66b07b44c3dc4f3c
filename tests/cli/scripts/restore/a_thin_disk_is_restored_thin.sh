#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"

# A thin disk: some data, explicit zeros, and a large unallocated rest.
qemu-img create -q -f qcow2 thin.qcow2 20G
for ((i = 0; i < 40; i++)); do writes+=(-c "write -q -P $((i + 1)) $((i * 500))M 256k"); done
qemu-io -f qcow2 "${writes[@]}" -c "write -q -z 10G 1G" thin.qcow2
qemu-img convert -O raw thin.qcow2 thin.raw

allocated() { echo $(($(stat -c %b "$1") * 512)); }
expect_thin() {
  local most=$(($(allocated "$2") * 105 / 100 + (1 << 20)))
  [ "$(allocated "$1")" -le $most ] || fail "$1 takes $(allocated "$1") bytes, more than $most, for $(allocated "$2") of $2"
}

make_repository
for format in qcow2 raw; do
  run backup thin.$format --disk "thin-$format"
  expect_status 0
  for target in qcow2 raw; do
    run restore "thin-$format@latest" --to "back.$format.$target"
    expect_status 0
    expect_thin "back.$format.$target" "thin.$target"
    qemu-img compare -q -f $target -F raw "back.$format.$target" thin.raw || fail "back.$format.$target differs"
  done
  qemu-img check -q "back.$format.qcow2" || fail "qemu-img check finds fault with back.$format.qcow2"
done

# Zero and unallocated stay distinct: explicit zeros become zero clusters again.
qemu-img map --output=json back.qcow2.qcow2 | tr -d ' ' >map
grep -q '"start":10737418240,.*"present":true,"zero":true' map || fail "the explicit zeros are gone: $(head -c 500 map)"
