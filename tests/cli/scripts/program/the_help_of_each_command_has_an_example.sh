#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"

run --version
expect_status 0
[[ $(<out) =~ ^varve\ [0-9]+\.[0-9]+\.[0-9]+$ ]] || fail "not a version"
run --help
expect_status 0
for verb in init backup list show restore diff forget prune check verify repair copy tag stats info map compare convert rebuild cache; do
  run --help
  expect_out "  $verb "
  run "$verb" --help
  expect_status 0
  expect_no_err
  expect_out "Example:"
  expect_out "  varve $verb "
  expect_out "--json"
  expect_out "cli/JSON.md"
  expect_out "--progress"
  [ "$(wc -L <out)" -le 90 ] || fail "the help of $verb has lines that are too long"
done
run help snapshots
expect_out "Usage: varve list [DISK...]"
expect_out "or: varve snapshots ..."
run help backup
expect_out "Usage: varve backup SOURCE..."
