#!/bin/sh
# Refreshes the vendored front-end files in static/ from npm, by package name and pinned version.
# Needs node and npm; running and testing the project needs neither, because the results are committed.
#   static/vendor/   tabler.min.css (purged), htmx.min.js, plotly-basic.min.js, Inter, and their licences
#   static/icons.svg one sprite with the icons named in static/icons.txt
# Tabler keeps only the rules whose words occur in templates, scripts, Python that writes classes, or static/classes.txt.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
out="$root/static/vendor"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
mkdir -p "$out/LICENSES"
cd "$tmp"

cat > package.json <<'JSON'
{ "private": true, "type": "module", "dependencies": {
  "@tabler/core": "1.6.1", "@tabler/icons": "3.51.0", "htmx.org": "4.0.1",
  "plotly.js-basic-dist-min": "4.1.1", "@fontsource-variable/inter": "5.3.0", "purgecss": "8.0.0" } }
JSON
npm install --silent --no-audit --no-fund --ignore-scripts

# Source maps are not vendored, and hashed static names refuse a reference to a missing file.
plain() { sed '/^\/\/# sourceMappingURL=/d' "$1" > "$out/$(basename "$1")"; }
plain node_modules/htmx.org/dist/htmx.min.js
plain node_modules/plotly.js-basic-dist-min/plotly-basic.min.js
cp node_modules/@fontsource-variable/inter/files/inter-latin-wght-normal.woff2 "$out/"

# Tabler's package carries no licence file of its own; LICENSES/tabler.txt is kept by hand.
licence() { cp "node_modules/$1/LICENSE" "$out/LICENSES/$2.txt"; }
licence @tabler/icons tabler-icons
licence htmx.org htmx
licence plotly.js-basic-dist-min plotly
licence @fontsource-variable/inter inter

cat > build.mjs <<'JS'
import fs from "node:fs";
import { PurgeCSS } from "purgecss";

const root = process.argv[2];
const [purged] = await new PurgeCSS().purge({
  content: [
    `${root}/templates/**/*.html`, `${root}/static/*.js`, `${root}/static/classes.txt`,
    `${root}/*/templatetags/*.py`, `${root}/*/forms.py`, `${root}/*/pages/*.py`, `${root}/inframind/**/*.py`,
  ],
  css: ["node_modules/@tabler/core/dist/css/tabler.min.css"],
  variables: true, keyframes: true,
  safelist: { greedy: [/data-bs-theme/, /data-theme/] },
});
fs.writeFileSync(`${root}/static/vendor/tabler.min.css`, purged.css.replace(/\/\*# sourceMappingURL=.*?\*\//g, ""));

const names = fs.readFileSync(`${root}/static/icons.txt`, "utf8").split("\n").filter((l) => l && !l.startsWith("#"));
const symbol = (name) => {
  const svg = fs.readFileSync(`node_modules/@tabler/icons/icons/outline/${name}.svg`, "utf8");
  const body = svg.slice(svg.indexOf(">", svg.indexOf("<svg")) + 1, svg.lastIndexOf("</svg>"));
  return `<symbol id="${name}" viewBox="0 0 24 24">${body.replace(/\s*\n\s*/g, "").replace(/ \/>/g, "/>")}</symbol>`;
};
fs.writeFileSync(`${root}/static/icons.svg`,
  `<svg xmlns="http://www.w3.org/2000/svg">\n${names.map(symbol).join("\n")}\n</svg>\n`);
JS
node build.mjs "$root"
ls -l "$out"
