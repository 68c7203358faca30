#!/usr/bin/env bash
# Puts the pinned npm files where the programs read them:
#   queue_server/web/static/vendor/fonts/       woff2 slices of Noto Sans SC with their CSS (OFL-1.1)
#   queue_server/web/static/vendor/icons.svg    one sprite of the icons named in queue_server/web/icons.txt (Apache-2.0)
#   kiosk/assets/fonts/NotoSansSC-*.ttf         the whole fonts, for Kivy (OFL-1.1)
# Idempotent: does nothing when the stamp names the present lock file, icon list and script.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

vendor=queue_server/web/static/vendor
kiosk_fonts=kiosk/assets/fonts
stamp="$(cat package-lock.json queue_server/web/icons.txt scripts/web_assets.sh | sha256sum | cut -d' ' -f1)"

complete() {
  [[ -f $vendor/stamp && "$(cat "$vendor/stamp")" == "$stamp" && -f $vendor/icons.svg ]] || return 1
  [[ -f $vendor/fonts/noto-sans-sc.css ]] || return 1
  for face in Regular Medium Bold; do [[ -f $kiosk_fonts/NotoSansSC-$face.ttf ]] || return 1; done
}
if complete; then echo "web assets: up to date"; exit 0; fi

command -v npm >/dev/null || { echo "web assets: npm is missing; install it with: apt-get install npm" >&2; exit 1; }
npm ci --ignore-scripts --no-audit --no-fund --loglevel=error

rm -rf "$vendor"
mkdir -p "$vendor/fonts/files" "$kiosk_fonts"
web_font=node_modules/@fontsource/noto-sans-sc
for weight in 400 500 700; do
  # The older woff copy of every slice is left out: each browser that runs our modules reads woff2.
  sed "s/, url([^)]*\.woff) format('woff')//" "$web_font/$weight.css" >> "$vendor/fonts/noto-sans-sc.css"
  cp "$web_font"/files/noto-sans-sc-*-"$weight"-normal.woff2 "$vendor/fonts/files/"
done
cp "$web_font/LICENSE" "$vendor/fonts/LICENSE"

kiosk_font=node_modules/@expo-google-fonts/noto-sans-sc
cp "$kiosk_font"/400Regular/NotoSansSC_400Regular.ttf "$kiosk_fonts/NotoSansSC-Regular.ttf"
cp "$kiosk_font"/500Medium/NotoSansSC_500Medium.ttf "$kiosk_fonts/NotoSansSC-Medium.ttf"
cp "$kiosk_font"/700Bold/NotoSansSC_700Bold.ttf "$kiosk_fonts/NotoSansSC-Bold.ttf"

{
  echo '<svg xmlns="http://www.w3.org/2000/svg">'
  while read -r icon; do
    path="$(grep -o '<path[^>]*>' "node_modules/@mdi/svg/svg/$icon.svg")"
    echo "<symbol id=\"$icon\" viewBox=\"0 0 24 24\">$path</symbol>"
  done < queue_server/web/icons.txt
  echo '</svg>'
} > "$vendor/icons.svg"
cp node_modules/@mdi/svg/LICENSE "$vendor/icons.LICENSE"

echo "$stamp" > "$vendor/stamp"
echo "web assets: copied $(find "$vendor" -type f | wc -l) files"
