#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"

run init one
expect_status 0
run init -r two
expect_status 0
VARVE_REPO=three run init
expect_status 0
run init four -r five
expect_refusal 2 "two repositories are named"
for repo in one two three; do
  run list -r "$repo"
  expect_status 0
  VARVE_REPO=$repo run list
  expect_status 0
done
# The option overrides the variable.
VARVE_REPO=nowhere run list -r one
expect_status 0
mkdir sub
cd sub
run list -r ../one
expect_status 0
