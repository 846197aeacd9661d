#!/bin/sh
# install_packages.sh LIST: installs with apt-get what the list names and dpkg does not have; otherwise does nothing.
set -eu
list=${1:?usage: install_packages.sh LIST}

missing=""
for package in $(sed 's/#.*//' "$list"); do
  # A package that another one provides (libjpeg-dev by libjpeg62-turbo-dev on some releases) counts as installed.
  status=$(dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null || true)
  case "$status" in *installed*) [ "${status#not-}" = "$status" ] && continue ;; esac
  missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if ! command -v apt-get >/dev/null; then
  echo "packages: apt-get is not here; install by hand what provides:$missing" >&2
  exit 1
fi
as_root=""
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null; then
    echo "packages: missing$missing; run 'make packages' as root, or install sudo" >&2
    exit 1
  fi
  as_root=sudo
fi
echo "packages: installing$missing"
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get update -qq
# shellcheck disable=SC2086 # one word per package
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
