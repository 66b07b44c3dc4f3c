#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"

make_repository
mkdir one two
make_image one/web.raw 4
cp one/web.raw two/web.raw
run backup one/web.raw
expect_status 0
run backup two/web.raw
expect_status 1
expect_err "$work/one/web.raw"
expect_err "$work/two/web.raw"
expect_err "pass --disk web"
run list
[ "$(wc -l <out)" = 2 ] || fail "one snapshot was expected"
run backup two/web.raw --disk web
expect_status 0
# The same file under another spelling is the same file.
run backup two/../two/web.raw
expect_status 0
ln -s two/web.raw web.raw
run backup web.raw
expect_status 0
