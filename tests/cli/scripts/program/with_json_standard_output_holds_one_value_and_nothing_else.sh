#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"

expect_pure() {
  run "$@" --json
  expect_json
}
expect_pure init repo
export VARVE_REPO=repo
make_image a.raw 4
expect_pure backup a.raw
expect_pure backup a.raw nothere.raw
rm -rf cache
expect_pure list
expect_err "catalog of the repository from its log"
expect_pure show a@latest
expect_pure diff a@~1 a@latest
expect_pure restore a@latest --to b.raw
expect_pure check
expect_pure prune
expect_pure verify
expect_pure verify a@latest --against a.raw
expect_pure rebuild
expect_pure info a.raw
expect_pure map a.raw
run init second
expect_pure copy --to second
expect_pure backup -v a.raw
