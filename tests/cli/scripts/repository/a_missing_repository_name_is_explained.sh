#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"

run list
expect_refusal 2 "pass -r REPO or set VARVE_REPO"
run list -r nowhere
expect_refusal 1 "nowhere"
run list -r s3:bucket
expect_refusal 1 "keeps repositories in folders only"
mkdir empty
run list -r empty
expect_refusal 1 "empty"
