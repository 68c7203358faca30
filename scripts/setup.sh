#!/usr/bin/env bash
# Installs what Tingtong needs on Debian 12: system packages, virtual environment, web assets, fonts.
# Idempotent: what is there is left alone.  `--test` adds what only the tests need.
set -euo pipefail
cd "$(dirname "$0")/.."

run_packages=(libgl1 libegl1 libmtdev1 espeak-ng alsa-utils libpcsclite1)
build_packages=(gcc libc6-dev python3-dev libcups2-dev libpcsclite-dev) # pycups and pyscard have no wheel for every Python
test_packages=(xvfb xdotool chromium mosquitto pcscd vsmartcard-vpcd cups libzbar0 tesseract-ocr tesseract-ocr-chi-sim)
wanted=("${run_packages[@]}" "${build_packages[@]}")
[ "${1:-}" = "--test" ] && wanted+=("${test_packages[@]}")
command -v npm >/dev/null || wanted+=(npm)

say() { printf '%s\n' "$*" >&2; }

missing=()
for package in "${wanted[@]}"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
done
python=""
for candidate in python3.13 python3.12 python3.11 python3; do
    if command -v "$candidate" >/dev/null && "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null; then
        python="$candidate"
        break
    fi
done
[ -n "$python" ] || missing+=(python3)
if [ -z "$python" ] || ! "$python" -c 'import venv, ensurepip' 2>/dev/null; then missing+=(python3-venv); fi

if [ "${#missing[@]}" -gt 0 ]; then
    as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        if ! command -v sudo >/dev/null; then
            say "setup: these Debian packages are missing: ${missing[*]}"
            say "setup: ask an administrator to run: apt-get install --no-install-recommends ${missing[*]}"
            exit 1
        fi
        as_root=(sudo)
    fi
    say "setup: installing ${missing[*]}"
    "${as_root[@]}" apt-get update -q >/dev/null
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}" >/dev/null || {
        say "setup: Debian packages could not be installed: ${missing[*]}"
        exit 1
    }
    [ -n "$python" ] || python=python3
fi

stamp=.venv/.tingtong-lock
if ! cmp -s requirements.lock "$stamp" 2>/dev/null; then
    say "setup: virtual environment"
    [ -x .venv/bin/python ] || "$python" -m venv .venv
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
    PYTHONWARNINGS=ignore .venv/bin/python -m pip install --quiet --disable-pip-version-check \
        --no-deps --no-build-isolation -e .
    cp requirements.lock "$stamp"
fi

bash scripts/web_assets.sh >&2
