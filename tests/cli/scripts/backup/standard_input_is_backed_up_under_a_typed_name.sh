#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"

make_repository
make_image a.raw 6
run backup -
expect_refusal 2 "pass --disk NAME"
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
expect_out '"source": "-"'
run backup - --disk piped
expect_status 1
expect_err "standard input is empty"
run backup - --disk piped --snapshot s
expect_refusal 2 "omit --snapshot"

# With --format it is read as a self-contained image: a stream from VMware, a qcow2 file.
qemu-img convert -f raw -O vmdk -o subformat=streamOptimized a.raw a.vmdk
qemu-img convert -f raw -O qcow2 a.raw a.qcow2
for format in vmdk qcow2; do
  status=0
  "$VARVE" backup - --disk piped --format "$format" --json <"a.$format" >out 2>err || status=$?
  expect_status 0
  expect_out '"bytes_changed": 0'
  expect_out "\"format\": \"$format\""
  status=0
  "$VARVE" convert - back.raw --force --format "$format" <"a.$format" >out 2>err || status=$?
  expect_status 0
  expect_same a.raw back.raw
done
qemu-img create -q -f qcow2 -b a.qcow2 -F qcow2 top.qcow2
status=0
"$VARVE" backup - --disk piped --format qcow2 <top.qcow2 >out 2>err || status=$?
expect_refusal 1 "depends on 'a.qcow2'"
[ -z "$(find cache -name '.varve-stdin*')" ] || fail "a temporary file was left"
