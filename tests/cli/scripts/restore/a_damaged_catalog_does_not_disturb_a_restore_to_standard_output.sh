#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"

make_repository
make_image a.raw 24
run backup a.raw --disk a
database=$(echo cache/*/catalog.sqlite)
cp "$database" whole
pages=$(($(stat -c %s whole) / 16384))
for ((page = 0; page < pages; page++)); do
  cp whole "$database"
  printf '\356\356\356' | dd of="$database" bs=1 seek=$((page * 16384 + 5)) conv=notrunc status=none
  printf '\356' | dd of="$database" bs=1 seek=$((page * 16384 + 16300)) conv=notrunc status=none
  status=0
  "$VARVE" restore a@latest --to - >restored.raw 2>err || status=$?
  expect_status 0
  expect_same a.raw restored.raw
done
