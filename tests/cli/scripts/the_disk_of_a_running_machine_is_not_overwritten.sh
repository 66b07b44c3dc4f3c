#!/usr/bin/env bash
. "$(dirname "$0")/lib.sh"

make_repository
make_image a.raw 4
cp a.raw night1.raw
run backup a.raw
overwrite a.raw 0 "later"
cp a.raw later.raw
# A machine that has the disk open, as far as anybody can see from outside.
sleep 1000 <>a.raw &
children+=($!)
run restore a@latest --to a.raw --force
expect_refusal 1 "has it open"
expect_same a.raw later.raw
# By another name it is the same disk.
ln a.raw hard.raw
run restore a@latest --to hard.raw --force
expect_refusal 1 "has it open"
# Whatever it is: what is open is left alone.
run restore a@latest --to a.raw --format qcow2 --force
expect_refusal 1 "has it open"
kill "${children[0]}"
wait "${children[0]}" || true
run restore a@latest --to a.raw --force
expect_status 0
expect_same a.raw night1.raw
