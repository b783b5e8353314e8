#!/bin/sh
# Installs the packages of tools/packages.txt that are missing. Asks for nothing when all are there. Of
# package/program the package is missed only where there is no such program.
set -eu
here=$(dirname "$0")
missing=""
for package in $(sed 's/#.*//' "$here/packages.txt"); do
  case $package in
    */*)
      command -v "${package#*/}" >/dev/null && continue
      package=${package%/*}
      ;;
  esac
  status=$(dpkg-query -W -f '${Status}' "$package" 2>/dev/null || true)
  [ "$status" = "install ok installed" ] || missing="$missing $package"
done
[ -z "$missing" ] && exit 0
echo "installing:$missing" >&2
as_root=""
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || {
    echo "setup: these Debian packages are missing and neither root nor sudo is at hand:$missing" >&2
    exit 1
  }
  as_root=sudo
fi
$as_root apt-get update -qq
DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends $missing >/dev/null
