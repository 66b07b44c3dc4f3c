#!/usr/bin/env bash
. "$(dirname "$0")/lib.sh"

make_repository
make_image a.raw 6
run backup -
expect_refusal 2 "say --disk NAME"
status=0
"$VARVE" backup - --disk piped <a.raw >out 2>err || status=$?
expect_status 0
status=0
cat a.raw | "$VARVE" backup - --disk piped --json >out 2>err || status=$?
expect_status 0
expect_out '"bytes_changed": 0'
run restore piped@latest --to back.raw
expect_same a.raw back.raw
run show piped@latest --json
expect_out '"path": "-"'
run backup - --disk piped
expect_status 1
expect_err "standard input was empty"
run backup - --disk piped --format qcow2
expect_refusal 2 "read as raw"
[ -z "$(find cache -name '.varve-stdin*')" ] || fail "a temporary file was left"
