#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"

run
expect_refusal 2 "a command is missing"
run bakcup
expect_refusal 2 "unknown command 'bakcup', did you mean 'backup'?"
run frobnicate
expect_refusal 2 "unknown command 'frobnicate'; "
run list --jsno
expect_refusal 2 "did you mean --json?"
run list --js
expect_refusal 2 "unknown option '--js', did you mean --json?"
run list -z
expect_refusal 2 "unknown option '-z'"
run --since 1d list
expect_refusal 2 "the command comes first"
run -r repo
expect_refusal 2 "a command is missing after 'repo'"
run init a b
expect_refusal 2 "unexpected argument 'b'"
run list --repo
expect_refusal 2 "--repo"
run list -r a -r b
expect_refusal 2 "--repo is given 2 times"
run list -q -v -r repo
expect_refusal 2 "cannot be combined"
run list --progress all -r repo
expect_refusal 2 "--progress needs auto, json or none"
run backup -r repo
expect_refusal 2 "1 name is expected"
run diff a@latest -r repo
expect_refusal 2 "2 names are expected"
run restore a@latest -r repo
expect_refusal 2 "--to"
run restore a@latest --to - --json -r repo
expect_json_refusal 2 usage "--json and --to -"
run verify --against x.raw -r repo
expect_refusal 2 "name one snapshot"
run verify --format raw -r repo
expect_refusal 2 "needs --against"
