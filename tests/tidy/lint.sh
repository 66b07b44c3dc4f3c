#!/usr/bin/env bash
# lint.sh BUILD-FOLDER: clang-tidy finds nothing in what this change touches: the commits since origin/main, else the
# last commit. Starts no more files after VARVE_LINT_SECONDS (240) and lists those that are left. Each source is
# compiled alone here, so that this also finds an include that is missing.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
build=$1
deadline=$((SECONDS + ${VARVE_LINT_SECONDS:-240}))

skip() {
  echo "skipped: $*"
  exit 77
}
for tool in clang-tidy clang++ git; do
  command -v "$tool" >/dev/null || skip "$tool is not installed"
done
git rev-parse --verify -q HEAD >/dev/null || skip "this is not a git checkout with a commit"

head=$(git rev-parse HEAD)
base=$(git merge-base HEAD origin/main 2>/dev/null) || base=
if [ -z "$base" ] || [ "$base" = "$head" ]; then base=$(git rev-parse --verify -q HEAD~1) || base=; fi
# Without anything to compare with, all files are new.
[ -n "$base" ] || base=$(git hash-object -t tree /dev/null)

# A changed header is checked through the source beside it. Files with the most changed lines come first.
sources=()
while read -r _ path; do
  case $path in
    tests/fuzz/*) continue ;;  # compiled only for fuzzing
    *.cpp) source=$path ;;
    *.h) source=${path%.h}.cpp ;;
    *) continue ;;
  esac
  if [ -f "$source" ] && [[ " ${sources[*]} " != *" $source "* ]]; then sources+=("$source"); fi
done < <(git diff --numstat --no-renames --diff-filter=d "$base" -- engine formats store catalog cli tests examples |
  sort -rn | cut -f1,3)
[ ${#sources[@]} -gt 0 ] || {
  echo "no source differs from $base"
  exit 0
}

# One command per source, as clang understands it.
cmake -S . -B "$build/lint" -G Ninja -DCMAKE_BUILD_TYPE=Debug -DCMAKE_CXX_COMPILER=clang++ >"$build/lint.log" 2>&1 || {
  cat "$build/lint.log"
  exit 1
}

echo "${#sources[@]} sources differ from $base"
status=0
for source in "${sources[@]}"; do
  if [ "$SECONDS" -ge "$deadline" ]; then
    echo "not checked for lack of time: $source"
    continue
  fi
  clang-tidy --quiet -p "$build/lint" "$source" >"$build/lint.log" 2>&1 || {
    grep -v ' warnings generated\.$' "$build/lint.log"
    status=1
  }
done
exit "$status"
