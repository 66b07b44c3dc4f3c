#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"

make_repository
run stats
expect_status 0
expect_out "no snapshots"
make_image a.raw 8
run backup a.raw --disk a --time 2026-11-18T00:00Z
make_image b.raw 2 1
dd if=b.raw of=a.raw bs=64K seek=16 count=1 conv=notrunc status=none
run backup a.raw --disk a --time 2026-11-20T00:00Z
run backup a.raw --disk b --time 2026-11-20T00:00Z
run stats
expect_status 0
expect_no_err
expect_out "3 of 2 disks: 24.0 MiB virtual, 640.0 KiB changed"
# 4 + 1 + 5 chunks with data changed, 5 of them were stored.
expect_out "dedup        2.00: 320.0 KiB were in the repository already"
expect_out "5 chunks (320.0 KiB), 0 of them as patches"
expect_out "DISK  SNAPSHOTS"
[[ $(<out) != *referenced* ]] || fail "it was not requested"
grep -Eq '^b +1 +8\.0 MiB +320\.0 KiB +[0-9.]+ (B|KiB) +320\.0 KiB +- +- +-$' out || fail "the line of disk b"
[[ $(head -n 1 out) =~ ^on\ disk\ +[0-9.]+\ KiB\ in\ 5\ packs$ ]] || fail "the size on disk comes first"
# All pack bytes were added by these three.
run stats --json
sed -nE 's/.*"bytes_stored": ([0-9]+).*/\1/p' out >numbers # of the three kinds of packs, of all snapshots, of each disk
sum=$(($(head -3 numbers | paste -sd+)))
stored=$(sed -n 4p numbers)
files=$(($(find repo/packs -type f -printf '%s\n' | paste -sd+)))
grep -q "\"bytes_on_disk\": $files," out || fail "the repository takes $files bytes"
[ "$sum" = "$files" ] || fail "the packs have $files bytes, not $sum"
[ "$stored" = "$files" ] || fail "the snapshots stored $stored of $files bytes"
# Growth: what the second snapshot stored, over two days.
second=$(run show a@latest --json && sed -nE 's/.*"bytes_stored": ([0-9]+).*/\1/p' out)
run stats a --json
grep -q "\"bytes_grown_per_snapshot\": $second," out || fail "growth a snapshot should be $second"
grep -Eq "\"bytes_grown_per_day\": ($((second / 2))|$(((second + 1) / 2)))$" out || fail "growth a day should be half of it"
run stats a b --referenced
expect_status 0
expect_out "referenced   640.0 KiB by the newest of each disk"
run stats nothere
expect_refusal 1 "no snapshot of a disk 'nothere'"
run stats a@latest
expect_refusal 2 "a@latest"
