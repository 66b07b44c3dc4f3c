# shellcheck shell=bash disable=SC2034
# Sourced by examples/nightly.sh and tests/run.sh: installs what is missing and builds, starting from a bare Debian 12.
# Needs only bash and coreutils; the current folder must be the top of the project.

export PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"
export LC_ALL=C.UTF-8

build_packages=(
  g++ cmake ninja-build pkg-config
  libboost-program-options-dev libfmt-dev nlohmann-json3-dev libssl-dev libsqlite3-dev libzstd-dev zlib1g-dev
  libdeflate-dev libxxhash-dev libpugixml-dev catch2
  libvmdk-dev libbfio-dev  # for the tests; the header of the first includes that of the second
)
# What the tests and the example create and check disks with.
disk_packages=(qemu-utils 7zip e2fsprogs fdisk thin-provisioning-tools zstd)
# For tests/run.sh --all: the sanitizers' compiler with its runtimes and symbolizer, the linters, the compiler cache.
check_packages=(clang libclang-rt-dev llvm clang-format clang-tidy ccache git)

say() { printf '%s\n' "$*"; }

die() {
  printf '%s\n' "$*" >&2
  exit 1
}

# as_root COMMAND...: runs it directly as root, else through sudo without a password prompt.
as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

# install_missing PACKAGE...: asks apt only for what dpkg does not have; uses no network when nothing is missing.
install_missing() {
  local package status missing=()
  for package in "$@"; do
    status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) || status=
    [ "$status" = installed ] || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return 0
  local line="apt-get update && apt-get install -y --no-install-recommends ${missing[*]}"
  if [ "$(id -u)" != 0 ] && ! sudo -n true 2>/dev/null; then
    die "Packages are missing and this is not root; type: sudo sh -c '$line'"
  fi
  say "installing ${missing[*]}"
  local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 -qq)
  if [ -z "${lists_are_fresh:-}" ]; then
    as_root "${apt[@]}" update </dev/null || die "apt could not read its package lists; see above, then type: $line"
    lists_are_fresh=yes
  fi
  as_root "${apt[@]}" install -y --no-install-recommends "${missing[@]}" </dev/null >/dev/null ||
    die "apt could not install what is missing; see above, then type: $line"
}

# use_compiler_cache: lets ccache, if present, serve this checkout what it compiled for a checkout in another folder.
# Sets compiler_cache to the options for cmake.
use_compiler_cache() {
  compiler_cache=()
  command -v ccache >/dev/null || return 0
  export CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=1
  compiler_cache=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
}

# configure PRESET FOLDER [CMAKE-OPTION...]: configures the build of a preset; afresh if the folder was configured for
# another place or generator.
configure() {
  local preset=$1 folder=$2 line home="" generator=""
  shift 2
  if [ -f "$folder/CMakeCache.txt" ]; then
    while IFS= read -r line; do
      case $line in
        CMAKE_HOME_DIRECTORY:INTERNAL=*) home=${line#*=} ;;
        CMAKE_GENERATOR:INTERNAL=*) generator=${line#*=} ;;
      esac
    done <"$folder/CMakeCache.txt"
    [ "$home $generator" = "$PWD Ninja" ] || rm -rf "$folder/CMakeCache.txt" "$folder/CMakeFiles"
  fi
  use_compiler_cache
  mkdir -p "$folder"
  cmake --preset "$preset" -B "$folder" "${compiler_cache[@]}" "$@" >"$folder/configure.log" 2>&1 || {
    cat "$folder/configure.log" >&2
    die "cmake could not configure $folder; see above"
  }
}

# build FOLDER [TARGET...]: prints nothing unless it fails.
build() {
  local folder=$1 target options=()
  shift
  for target in "$@"; do options+=(--target "$target"); done
  cmake --build "$folder" --parallel "$(nproc)" "${options[@]}" >"$folder/build.log" 2>&1 || {
    tail -n 60 "$folder/build.log" >&2
    die "the build in $folder failed; see above, and all of it in $folder/build.log"
  }
}

# configure_and_build PRESET FOLDER [CMAKE-OPTION...]
configure_and_build() {
  configure "$@"
  build "$2"
}
