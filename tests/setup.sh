# shellcheck shell=bash disable=SC2034
# Sourced by examples/nightly.sh, tests/run.sh and .ci/run: installs what is missing and builds, from a bare Debian 12 on.
# Wants bash and coreutils only; expects the top of the project as the current folder.

export PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"
export LC_ALL=C.UTF-8

build_packages=(
  g++ cmake ninja-build pkg-config
  libboost-program-options-dev libfmt-dev nlohmann-json3-dev libssl-dev libsqlite3-dev libzstd-dev zlib1g-dev
  libdeflate-dev libxxhash-dev libpugixml-dev catch2
  libvmdk-dev libbfio-dev  # for the tests; the header of the first wants that of the second
)
# What the tests and the example make and judge disks with.
disk_packages=(qemu-utils 7zip e2fsprogs fdisk thin-provisioning-tools zstd)

say() { printf '%s\n' "$*"; }

die() {
  printf '%s\n' "$*" >&2
  exit 1
}

# as_root COMMAND...: as it is for root, else through sudo without a question.
as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

# install_missing PACKAGE...: asks apt only for what dpkg does not have; touches no network when nothing is missing.
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

# configure FOLDER [CMAKE-OPTION...]: configures a build there, afresh if it was made for another place or generator.
configure() {
  local folder=$1 line home=
  shift
  if [ -f "$folder/CMakeCache.txt" ]; then
    while IFS= read -r line; do
      case $line in CMAKE_HOME_DIRECTORY:INTERNAL=*) home=${line#*=} ;; esac
    done <"$folder/CMakeCache.txt"
    [ "$home" = "$PWD" ] || rm -rf "$folder/CMakeCache.txt" "$folder/CMakeFiles"
  fi
  local generator=()
  [ -f "$folder/CMakeCache.txt" ] || generator=(-G Ninja)
  mkdir -p "$folder"
  cmake -S . -B "$folder" "${generator[@]}" "$@" >"$folder/configure.log" 2>&1 || {
    cat "$folder/configure.log" >&2
    die "cmake could not configure $folder; see above"
  }
}

# build FOLDER [TARGET...]: quiet unless it fails or stands at a terminal.
build() {
  local folder=$1 target options=()
  shift
  for target in "$@"; do options+=(--target "$target"); done
  cmake --build "$folder" --parallel "$(nproc)" "${options[@]}" >"$folder/build.log" 2>&1 || {
    tail -n 60 "$folder/build.log" >&2
    die "the build in $folder failed; see above, and all of it in $folder/build.log"
  }
}
