#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"

make_repository
make_image web 4
run backup web
expect_status 0
qemu-img convert -f raw -O qcow2 web new
mv new web
run backup web
expect_status 1
expect_err "as raw"
expect_err "looks like qcow2"
expect_err "pass --format qcow2"
expect_err "pass --format raw"
run backup web --format qcow2
expect_status 0
run backup web
expect_status 0
# A typed disk name does not imply a format.
qemu-img convert -f qcow2 -O raw web new
mv new web
run backup web --disk web
expect_status 1
expect_err "looks like raw"
