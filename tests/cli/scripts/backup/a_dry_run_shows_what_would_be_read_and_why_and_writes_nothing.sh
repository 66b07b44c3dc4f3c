#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"

# Everything in the repository, with times and sizes.
state() { find repo -type f -printf '%P %s %T@\n' | sort; }

make_repository
make_image a.raw 8
qemu-img convert -f raw -O qcow2 a.raw base.qcow2
qemu-img create -q -f qcow2 -b base.qcow2 -F qcow2 top.qcow2
state >before
run backup top.qcow2 a.raw --disk vm/top --disk vm/raw --dry-run
expect_status 0
expect_no_err
expect_out "would back up vm/top
  from $work/top.qcow2 (qcow2)
  over $work/base.qcow2 (qcow2)
  read 96.0 KiB of 8.0 MiB (full): the first backup of this disk: all its data is read
would back up vm/raw
  from $work/a.raw (raw)
  read 256.0 KiB of 8.0 MiB (full)"
state >after
expect_same before after
run list
expect_out "no snapshots"

run backup a.raw --disk vm/raw --time 2026-11-20T02:30Z
expect_status 0
state >before
run backup a.raw --disk vm/raw --dry-run
expect_status 0
expect_out "read 256.0 KiB of 8.0 MiB (rescan): all its data is read and compared with vm/raw of 2026-11-20T02:30:00"
run backup a.raw nothere.raw --disk vm/raw --disk other --dry-run --json
expect_status 1
expect_json
expect_golden backup_dry_run.json
state >after
expect_same before after

# It checks everything that the real run checks.
run backup top.qcow2 --disk vm/raw --dry-run
expect_status 1
expect_err "was last backed up as raw"
run backup - --disk x --dry-run
expect_refusal 2 "standard input"
qemu-io -f qcow2 -c 'sleep 300000' top.qcow2 >/dev/null 2>&1 &
children+=($!)
for _ in {1..600}; do
  if grep -q "OFDLCK.*:$(stat -c %i top.qcow2) " /proc/locks; then break; fi
  sleep 0.05
done
sleep 0.2
run backup top.qcow2 --dry-run
expect_status 1
expect_err "is in use"
state >after
expect_same before after
