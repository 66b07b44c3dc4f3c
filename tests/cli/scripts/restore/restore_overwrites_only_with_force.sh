#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"

make_repository
make_image a.raw 4
run backup a.raw
echo precious >target.raw
run restore a@latest --to target.raw
expect_refusal 1 "target.raw"
[ "$(<target.raw)" = precious ] || fail "the file was overwritten"
run restore a@latest --to target.raw --force
expect_status 0
expect_same target.raw a.raw
# A symbolic link is neither followed nor replaced, with or without --force.
echo precious >behind
ln -s behind link.raw
run restore a@latest --to link.raw
expect_status 1
run restore a@latest --to link.raw --force
expect_status 1
[ -L link.raw ] || fail "the link was replaced"
[ "$(<behind)" = precious ] || fail "the link was followed"
ln -s nowhere dangling.raw
run restore a@latest --to dangling.raw
expect_status 1
[ ! -e nowhere ] || fail "the dangling link was followed"
mkdir -p folder/x.raw
run restore a@latest --to folder/x.raw/ --format raw
expect_status 0  # a folder takes the disk under its own name
run restore a@latest --to folder/x.raw
expect_refusal 1 "'folder/x.raw/a.raw' exists"
run restore a@latest --to no/such/folder/x.raw
expect_status 1
run restore a@latest --to /dev/null --force
expect_status 1
# Nothing half-done is left.
[ -z "$(find . -name '.*varve*')" ] || fail "a temporary file was left"
