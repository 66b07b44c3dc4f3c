#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"

make_repository
make_image a.raw 4
qemu-img convert -f raw -O qcow2 a.raw a.qcow2
run backup a.qcow2 --disk d
format_of() { run info "$1" --json && sed -nE 's/.*"format": "(.*)".*/\1/p' out; }
run restore d@latest --to x.raw
[ "$(format_of x.raw)" = raw ] || fail ".raw is raw"
run restore d@latest --to x.img
[ "$(format_of x.img)" = raw ] || fail ".img is raw"
run restore d@latest --to x
[ "$(format_of x)" = qcow2 ] || fail "without an extension the source's format counts"
run restore d@latest --to y.img --format qcow2
[ "$(format_of y.img)" = qcow2 ] || fail "--format is strongest"
run restore d@latest --to z.wim
expect_refusal 2 "wim"
[ ! -e z.wim ] || fail "something was left"
run restore d@latest --to - --format qcow2
expect_refusal 2 "raw only"
# In the source's format the new image gets the source's options unless -o overrides them.
qemu-img create -q -f qcow2 -o cluster_size=4K small.qcow2 4M
run backup small.qcow2 --disk small
cluster_size_of() { qemu-img info "$1" | sed -nE 's/^cluster_size: //p'; }
run restore small@latest --to like.qcow2
[ "$(cluster_size_of like.qcow2)" = 4096 ] || fail "the source's options were lost"
run restore small@latest --to given.qcow2 -o cluster_size=128K
[ "$(cluster_size_of given.qcow2)" = 131072 ] || fail "-o was ignored"
run restore small@latest --to given.raw -o cluster_size=128K
expect_status 2
[ ! -e given.raw ] || fail "something was left"
