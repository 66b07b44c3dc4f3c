#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"

make_repository
make_image a.raw 4
cp a.raw night1.raw
run backup a.raw
overwrite a.raw 0 "later"
cp a.raw later.raw
# What a machine with the disk open looks like from outside.
sleep 1000 <>a.raw &
children+=($!)
run restore a@latest --to a.raw --force
expect_refusal 1 "has it open"
expect_same a.raw later.raw
# It is the same disk by another name.
ln a.raw hard.raw
run restore a@latest --to hard.raw --force
expect_refusal 1 "has it open"
# An open device is never overwritten, whatever it holds.
run restore a@latest --to a.raw --format qcow2 --force
expect_refusal 1 "has it open"
kill "${children[0]}"
wait "${children[0]}" || true
run restore a@latest --to a.raw --force
expect_status 0
expect_same a.raw night1.raw
