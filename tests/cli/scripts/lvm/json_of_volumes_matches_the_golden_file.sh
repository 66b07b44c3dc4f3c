#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"

uuids='s/"[0-9a-zA-Z!#]{6}(-[0-9a-zA-Z!#]{4}){5}-[0-9a-zA-Z!#]{6}"/"UUID"/g'
disks=()
for disk in 0 1 3; do disks+=(--pv "$LVM_FIXTURES/exotic/p$disk.raw"); done
run info lvm: "${disks[@]}" --json
expect_status 0
expect_json
expect_err "is exported"
sed -i -E -e 's/("time": )"[^"]*"/\1"TIME"/' -e "$uuids" -e "s#$LVM_FIXTURES#FIXTURES#g" out
expect_golden info_volumes.json

run info lvm: "${disks[@]}"
expect_out "lvm:vgx/r1"
expect_out "back up its device instead: varve backup /dev/vgx/r1"
run info lvm:vgexp "${disks[@]}"
expect_out "lvm:vgexp/e1"
[[ $(<out) != *vgx* ]] || fail "only one group was asked for"
run info lvm:nothere "${disks[@]}"
expect_refusal 1 "found: 'vgexp', 'vgx'"
run info lvm:vgx/plain "${disks[@]}"
expect_out "virtual size"
