#!/usr/bin/env bash
# Measures varve beside borg, restic and qemu-img: first backup, nights, restore, check, size and memory, on a realistic
# disk that is the same for the same seed on the same machine (guest.py defines its contents), and on virtual disks of
# 16 TiB. "quick" has a disk of 1 GiB and prints the table; "record" has 8 GiB and writes tests/bench/RESULTS.md.
# No test and not run by any: it installs the peers, takes its time, and its figures are worth what the machine is idle.
# VARVE_BENCH_SEED sets the seed, VARVE names a program that is built already, TMPDIR the place for the scratch.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. tests/setup.sh

peer_packages=(borgbackup restic qemu-utils python3 e2fsprogs diffutils time)

# Space for the disk, its copies, four repositories, one restored disk; the huge disks come when those are gone.
case ${1:-} in
  quick) mib=1024 runs=3 huge_stride_mib=512 needed_mib=$((12 << 10)) ;;
  record) mib=8192 runs=3 huge_stride_mib=256 needed_mib=$((52 << 10)) ;;
  *) die "usage: tests/bench/run.sh quick|record" ;;
esac
seed=${VARVE_BENCH_SEED:-20261122}

scratch=
clean_up() { [ -z "$scratch" ] || rm -rf "$scratch"; }
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

check_space() {
  local folder=${TMPDIR:-/tmp} free_mib
  free_mib=$(df --output=avail -B 1M "$folder" | tail -n 1)
  say "scratch in $folder: $needed_mib MiB needed, ${free_mib// /} MiB free"
  [ "$free_mib" -ge "$needed_mib" ] || die "too little space there: name another folder with TMPDIR"
}

# In words only: a committed table names no host.
describe_machine() {
  local kib _
  read -r _ kib _ < <(grep MemTotal /proc/meminfo)
  say "$(nproc) cores, $(((kib + (1 << 19)) >> 20)) GiB of memory, Linux $(uname -r | cut -d. -f1,2)"
}

describe_versions() {
  local package names=()
  for package in borgbackup restic qemu-utils libzstd1; do
    names+=("$package $(dpkg-query -W -f '${Version}' "$package")")
  done
  printf -v joined ', %s' "${names[@]}"
  say "${joined#, }"
}

write_results() {
  say "# varve beside its peers"
  say
  say "Written by \`tests/bench/run.sh $1\`; see there and in guest.py for what is measured."
  say
  say "* machine: $(describe_machine)"
  say "* versions: $(describe_versions)"
  say "* settings: borg without encryption, chunks of 64 KiB, zstd 3; restic as it comes (it always encrypts);"
  say "  qemu-img: a zstd-compressed qcow2, then overlays with what differs (found by rebase), not compressed, nothing"
  say "  checked"
  say "* all have warm caches; every restored disk was compared bit for bit; before the night without a change the"
  say "  image's time was set, so that no tool skips the file unread"
  cat "$scratch/table.md"
}

check_space
install_missing "${peer_packages[@]}"
if [ -z "${VARVE:-}" ]; then
  install_missing "${build_packages[@]}"
  say "building varve"
  configure release build
  build build varve
fi
VARVE=$(realpath "${VARVE:-build/varve}")
export VARVE
unset VARVE_REPO VARVE_CACHE_DIR

scratch=$(mktemp -d "${TMPDIR:-/tmp}/varve-bench.XXXXXX")
PYTHONDONTWRITEBYTECODE=1 python3 tests/bench/bench.py "$scratch" "$mib" "$seed" "$runs" "$huge_stride_mib" \
  "$scratch/table.md"
if [ "$1" = record ]; then
  write_results "$1" >tests/bench/RESULTS.md
  say "written to tests/bench/RESULTS.md"
else
  write_results "$1"
fi
