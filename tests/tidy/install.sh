#!/usr/bin/env bash
# install.sh FOLDER: without tests, the project configures on a machine that lacks what only tests need, and installs the
# documents. Builds nothing.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
folder=$1
rm -rf "$folder"
mkdir -p "$folder"

fail() {
  echo "FAILED: $*" >&2
  exit 1
}

# pkg-config itself is shadowed: it must not be asked for a library of the tests.
mkdir "$folder/bin"
cat >"$folder/bin/pkg-config" <<SHADOW
#!/bin/sh
case "\$*" in *vmdk* | *bfio* | *catch*) echo "\$*" >>"$folder/asked" ;; esac
exec $(command -v pkg-config) "\$@"
SHADOW
chmod +x "$folder/bin/pkg-config"

cmake -S . -B "$folder/build" -G Ninja -DVARVE_TESTS=OFF -DCMAKE_INSTALL_PREFIX=/usr \
  -DCMAKE_DISABLE_FIND_PACKAGE_Catch2=ON -DPKG_CONFIG_EXECUTABLE="$folder/bin/pkg-config" >"$folder/configure.log" 2>&1 ||
  { cat "$folder/configure.log"; fail "the project does not configure without tests"; }
[ ! -f "$folder/asked" ] || fail "a library of the tests is looked for: $(<"$folder/asked")"
[ ! -d "$folder/build/tests" ] || fail "tests/ is configured with -DVARVE_TESTS=OFF"

DESTDIR=$folder/root cmake --install "$folder/build" --component documents >"$folder/install.log" 2>&1 ||
  { cat "$folder/install.log"; fail "the documents cannot be installed"; }
for document in LICENSE README.md ARCHITECTURE.md cli/JSON.md formats/README.md store/FORMAT.md catalog/SCHEMA.md \
  examples/nightly.sh; do
  cmp "$document" "$folder/root/usr/share/doc/varve/$document" || fail "$document is not installed"
done
echo "installed without tests: $(cd "$folder/root" && find . -type f | sort | tr '\n' ' ')"
