#!/usr/bin/env bash
# varve's main job from start to end, on a disk made with real tools: three nights of backups of a virtual machine's
# disk, then every night restored and compared. Everything it creates is in build/; only installing missing packages
# needs root. The variable VARVE names a program that is built already, VARVE_NIGHTLY another folder.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. tests/setup.sh

disk_mib=512
partition_sector=2048
partition_offset=$((partition_sector * 512))
piece=65536  # the guest's writes are copied into the qcow2 in pieces of its cluster size

folder=${VARVE_NIGHTLY:-build/nightly}
if [ -z "${VARVE:-}" ]; then
  install_missing "${build_packages[@]}" "${disk_packages[@]}"
  say "Building varve (a minute or three the first time)."
  configure release build
  build build varve
fi
varve=${VARVE:-$PWD/build/varve}

rm -rf "$folder"
mkdir -p "$folder/work"
VARVE_REPO=$(realpath "$folder")/repository
VARVE_CACHE_DIR=$(realpath "$folder")/cache
export VARVE_REPO VARVE_CACHE_DIR
cd "$folder/work"

# Copies real files of this machine, small ones first, until the folder holds enough.
collect_files() {
  local budget=$((160 << 20)) size path files=()
  local -A taken=()
  mkdir -p files/bin files/share
  while read -r size path; do
    budget=$((budget - size))
    [ "$budget" -gt 0 ] || break
    if [ ! -r "$path" ] || [ -n "${taken[${path##*/}]:-}" ]; then continue; fi
    taken[${path##*/}]=yes
    files+=("$path")
  done < <(stat -c '%F|%s %n' /usr/bin/* /usr/sbin/* /usr/lib/*-linux-gnu/*.so.* 2>/dev/null |
    while IFS='|' read -r kind rest; do [ "$kind" = "regular file" ] && say "$rest"; done | sort -n)
  cp --no-preserve=mode,ownership -t files/bin -- "${files[@]}"
  cp -r --no-preserve=mode,ownership /usr/include/linux /usr/share/common-licenses files/share/
}

make_disk() {
  truncate -s "${disk_mib}M" guest.raw
  sfdisk -q guest.raw >/dev/null <<TABLE
label: gpt
start=$partition_sector, type=L
TABLE
  # The last MiB stays free for the backup GPT.
  mke2fs -q -F -t ext4 -L root -d files -E "offset=$partition_offset,lazy_itable_init=1" guest.raw \
    "$((disk_mib - 2))M" 2>&1
  qemu-img convert -f raw -O qcow2 guest.raw web01.qcow2
}

# A day of the guest: a log grows, a program is updated, a report is written, something is deleted.
guest_day() {
  local day=$1 i
  for ((i = 0; i < 20000; ++i)); do say "day $day, request $i: 200 OK"; done >access.log
  cat files/bin/cp files/bin/ls access.log >updated-program
  head -c $((day * 3 << 20)) <(cat files/bin/*) >report
  {
    say "rm /access.log"
    say "write access.log access.log"
    say "rm /bin/cp"
    say "write updated-program bin/cp"
    say "mkdir day-$day"
    say "write report day-$day/report"
    if [ "$day" -ge 3 ]; then say "rm /day-2/report"; fi
  } >commands
  debugfs -w -f commands "guest.raw?offset=$partition_offset" >debugfs.log 2>&1
}

# Writes the changes between before.raw and guest.raw into the same qcow2, at the same guest offsets, like a running
# machine.
guest_writes_to_qcow2() {
  local at=0 found writes=() number=0
  rm -rf pieces && mkdir pieces
  while found=$(cmp -i "$at" before.raw guest.raw); [ -n "$found" ]; do
    found=${found#*byte }
    at=$(((at + ${found%%,*} - 1) / piece * piece))
    number=$((number + 1))
    dd if=guest.raw of="pieces/$number" bs=$piece skip=$((at / piece)) count=1 status=none
    writes+=(-c "write -q -s pieces/$number $at $piece")
    at=$((at + piece))
  done
  qemu-io -f qcow2 "${writes[@]}" web01.qcow2
  say "  the guest rewrote $number pieces of 64 KiB inside web01.qcow2"
}

sha256_of() {
  local sum rest
  read -r sum rest < <(sha256sum "$1")
  say "$sum"
}

say
say "Creating a disk: $disk_mib MiB, a partition table, an ext4 file system full of real files, as qcow2."
collect_files
make_disk
"$varve" init

declare -A backed_up
for night in 1 2 3; do
  date=2026-11-1$((6 + night))
  say
  say "Night $night ($date)"
  cp --sparse=always guest.raw before.raw
  guest_day "$night"
  guest_writes_to_qcow2
  qemu-img convert -f qcow2 -O raw web01.qcow2 now.raw
  backed_up[$date]=$(sha256_of now.raw)
  "$varve" backup --disk web01/vda --time "${date}T02:30" web01.qcow2
done
rm -f now.raw before.raw

say
say "\$ varve list"
"$varve" list
say
say "What changed between the first and the second night:"
say "\$ varve diff web01/vda@2026-11-17 web01/vda@2026-11-18"
"$varve" diff web01/vda@2026-11-17 web01/vda@2026-11-18 >diff.txt
head -n 6 diff.txt
say "..."
tail -n 1 diff.txt

say
say "Restoring every night, as qcow2 and as raw, and comparing it with what was backed up:"
differences=0
compare() {
  local what=$1 date=$2 restored
  restored=$(sha256_of "$3")
  say "  $what"
  say "    backed up  ${backed_up[$date]}"
  say "    restored   $restored"
  if [ "$restored" != "${backed_up[$date]}" ]; then
    say "    THEY DIFFER"
    differences=$((differences + 1))
  fi
}
for night in 1 2 3; do
  date=2026-11-1$((6 + night))
  rm -f restored.qcow2 restored.raw back.raw
  "$varve" restore -q "web01/vda@$date" --to restored.qcow2
  qemu-img check -q restored.qcow2 || die "qemu-img check finds errors in the restored qcow2 of $date"
  qemu-img convert -f qcow2 -O raw restored.qcow2 back.raw
  compare "$date as qcow2" "$date" back.raw
  "$varve" restore -q "web01/vda@$date" --to restored.raw
  compare "$date as raw" "$date" restored.raw
done
rm -f restored.raw restored.qcow2 back.raw
[ "$differences" = 0 ] || die "$differences restored images differ from what was backed up"

say
say "\$ varve verify"
"$varve" verify

say
say "All nights were restored byte by byte. The repository is $folder/repository; three commands to try:"
say "  build/varve list -r $folder/repository"
say "  build/varve show -r $folder/repository web01/vda@latest"
say "  build/varve restore -r $folder/repository web01/vda@2026-11-18 --to $folder/second-night.qcow2"
