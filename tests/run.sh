#!/usr/bin/env bash
# Sets up and passes all tests (Release). With --all before them: AddressSanitizer and UndefinedBehaviorSanitizer over all
# tests, ThreadSanitizer over those tagged [pipeline], and a short run of every fuzz target. The count is in the last lines.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. tests/setup.sh

fuzz_seconds=${VARVE_FUZZ_SECONDS:-20}  # for each target

sanitized_flags=(-DCMAKE_BUILD_TYPE=RelWithDebInfo "-DCMAKE_CXX_FLAGS_RELWITHDEBINFO=-O1 -g1")
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_stack_use_after_return=1:strict_string_checks=1}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-halt_on_error=1:print_stacktrace=1}
export TSAN_OPTIONS=${TSAN_OPTIONS:-halt_on_error=1:second_deadlock_stack=1}

run_ctest() {
  local folder=$1
  shift
  ctest --test-dir "$folder" --output-on-failure --parallel "$(nproc)" "$@" </dev/null
}

run_address_sanitizer() {
  say "== all tests under AddressSanitizer and UndefinedBehaviorSanitizer"
  configure build/asan "${sanitized_flags[@]}" -DVARVE_SANITIZE=address,undefined
  build build/asan
  run_ctest build/asan
}

run_thread_sanitizer() {
  say "== tests tagged [pipeline] under ThreadSanitizer"
  configure build/tsan "${sanitized_flags[@]}" -DVARVE_SANITIZE=thread
  build build/tsan
  run_ctest build/tsan
}

# The library that clang's -fsanitize=fuzzer needs is a package of its own, named after clang's version.
install_clang() {
  install_missing clang
  local version
  version=$(clang++ -dumpversion)
  install_missing "libclang-rt-${version%%.*}-dev"
}

run_fuzzers() {
  say "== fuzz targets, $fuzz_seconds seconds each"
  install_clang
  configure build/fuzz "${sanitized_flags[@]}" -DVARVE_SANITIZE=address,undefined -DVARVE_FUZZ=ON \
    -DVARVE_FUZZ_SECONDS="$fuzz_seconds" -DCMAKE_CXX_COMPILER=clang++
  build build/fuzz
  run_ctest build/fuzz
}

case ${1:-} in
  "" | --all) ;;
  *) die "usage: tests/run.sh [--all]" ;;
esac

install_missing "${build_packages[@]}" "${disk_packages[@]}"
say "== building"
configure build -DCMAKE_BUILD_TYPE=Release -DVARVE_TESTS=ON
build build
if [ "${1:-}" = --all ]; then
  run_address_sanitizer
  run_thread_sanitizer
  run_fuzzers
fi
say "== all tests"
run_ctest build
