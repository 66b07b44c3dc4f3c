#!/usr/bin/env bash
# Builds varve and runs all tests (Release). With --all also: all tests under AddressSanitizer and
# UndefinedBehaviorSanitizer, the tests tagged [pipeline] under ThreadSanitizer, and a short run of every fuzz target.
# Closes with the time of each part, the slowest tests, and the count of tests.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. tests/setup.sh

parts=()   # "SECONDS NAME" of each part that has ended
passed=0   # tests, over all parts
skipped=0
results=$(mktemp)  # "SECONDS PART: TEST" of each test
trap 'rm -f "$results"' EXIT

# part NAME COMMAND...: runs the command and records how long it took.
part() {
  local name=$1 begin=$SECONDS
  shift
  say "== $name"
  "$@"
  parts+=("$((SECONDS - begin)) $name")
}

# run_tests PRESET FOLDER: runs the tests of a build, those with the highest COST (tests/CMakeLists.txt) first.
run_tests() {
  local preset=$1 log=$2/tests.log status=0
  ctest --preset "$preset" --parallel "$(nproc)" </dev/null 2>&1 | tee "$log" || status=$?
  if [ "$status" != 0 ]; then exit "$status"; fi  # ctest has listed the failures in the last lines
  sed -nE "s/^ *[0-9]+\/[0-9]+ Test +#[0-9]+: (.*[^ .]) [. ]*Passed +([0-9.]+) sec$/\2 $preset: \1/p" "$log" >>"$results"
  passed=$((passed + $(grep -cE '^ *[0-9]+/[0-9]+ Test .* Passed +[0-9.]+ sec$' "$log" || true)))
  skipped=$((skipped + $(grep -cE '^ *[0-9]+/[0-9]+ Test .*\*\*\*Skipped +[0-9.]+ sec$' "$log" || true)))
}

summary() {
  local entry
  printf '\n== how long each part took\n'
  for entry in "${parts[@]}"; do printf '%5d s  %s\n' "${entry%% *}" "${entry#* }"; done
  printf '\n== the twenty slowest tests\n'
  sort -rn "$results" | sed -n '1,20s/ / s  /p'
  printf '\n%d skipped\n%d passed, 0 failed\n' "$skipped" "$passed"
}

case ${1:-} in
  "") preset=release ;;
  --all) preset=ci ;;
  *) die "usage: tests/run.sh [--all]" ;;
esac

part "installing what is missing" install_missing "${build_packages[@]}" "${disk_packages[@]}"
if [ "$preset" = ci ]; then
  part "installing what the checks need" install_missing "${check_packages[@]}"
fi
part "building the release" configure_and_build "$preset" build
part "all tests" run_tests "$preset" build
if [ "$preset" = ci ]; then
  part "building with AddressSanitizer, with the fuzz targets" configure_and_build asan build/asan \
    -DVARVE_FUZZ_SECONDS="${VARVE_FUZZ_SECONDS:-10}"
  part "all tests and fuzz targets under AddressSanitizer and UndefinedBehaviorSanitizer" run_tests asan build/asan
  part "building with ThreadSanitizer" configure_and_build tsan build/tsan
  part "tests tagged [pipeline] under ThreadSanitizer" run_tests tsan build/tsan
fi
summary
