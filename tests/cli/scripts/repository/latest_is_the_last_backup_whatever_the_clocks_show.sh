#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"

make_repository

# A time ahead of the clock is refused, unless forced; then it does not own 'latest'.
make_image a.raw 2 1
run backup a.raw --time 2100-01-01
expect_refusal 2 "ahead of this host's clock"
expect_err "pass --force"
run backup a.raw --time "$(date -u -d '+2 minutes' +%FT%TZ)"
expect_status 0
expect_no_err
cp a.raw first.raw
run backup a.raw --time 2100-01-01 --force
expect_status 0
make_image a.raw 2 2
run backup a.raw
expect_status 0
expect_err "one of the two clocks was wrong"
run restore a@latest --to back.raw
expect_same back.raw a.raw
run restore a@~1 --to back.raw --force
expect_same back.raw first.raw
run diff a@~1 a@latest --exit-code
expect_status 3
run tag a@latest --add kind=tonight
expect_out "tagged a of $(date -u +%Y)-"
run list a
[ "$(grep -c '[0-9]!' out)" = 2 ] || fail "the times that are ahead should be marked"
run list a --json
[ "$(grep -c '"ahead": true' out)" = 2 ] || fail "the time that is ahead should be marked"
for time in 1969-12-31 2262-01-01 2300-01-01; do
  run backup a.raw --time "$time" --force
  expect_refusal 2 "is not a time"
done

# A group, too.
make_image b.raw 2 3
cp a.raw ahead.raw
run backup a.raw b.raw --group g --disk g/a --disk g/b --time 2100-01-01 --force
expect_status 0
make_image a.raw 2 4
run backup a.raw b.raw --group g --disk g/a --disk g/b
expect_status 0
run restore --group g@latest --to folder/
expect_status 0
expect_same folder/g/a.raw a.raw
run restore --group g@~1 --to before/
expect_same before/g/a.raw ahead.raw

# An internal snapshot of a fast clock is kept and marked; 'latest' is the disk itself. An old one taken afterwards does
# not become the latest either.
qemu-img create -q -f qcow2 disk.qcow2 8M
qemu-io -c 'write -P 1 0 64K' disk.qcow2 >/dev/null
qemu-img snapshot -c before disk.qcow2
python3 - <<'P'
import struct, time
data = bytearray(open('disk.qcow2', 'rb').read())
table = struct.unpack('>Q', data[64:72])[0]
data[table + 16:table + 20] = struct.pack('>I', int(time.time()) + 7200)
open('disk.qcow2', 'wb').write(data)
P
qemu-io -c 'write -P 2 0 64K' disk.qcow2 >/dev/null
qemu-img convert -O raw disk.qcow2 now.raw
run backup disk.qcow2 --disk d --all-snapshots
expect_status 0
expect_err "internal snapshot 'before'"
expect_err "ahead of this host's clock"
run backup disk.qcow2 --disk d --snapshot before
expect_status 0
run restore d@latest --to back.raw --force
expect_same back.raw now.raw
run list d
[ "$(grep -c '[0-9]!' out)" = 1 ] || fail "the internal snapshot's time should be marked"
