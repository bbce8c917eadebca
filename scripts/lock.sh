#!/bin/sh
# Writes requirements/*.txt from pyproject.toml: every package pinned and hashed, for all platforms, no address in them.
# Each file is complete by itself. Pins stay as they are while they still fit; `scripts/lock.sh --upgrade` renews them.
set -eu
cd "$(dirname "$0")/.."
uv=$(command -v .venv/bin/uv || command -v uv)

compile() {
    out=requirements/$1.txt
    shift
    "$uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
        --no-emit-index-url --no-emit-find-links --custom-compile-command scripts/lock.sh \
        --output-file "$out" "$@"
    echo "$out: $(grep -c '==' "$out") packages"
}

# The largest first: the others take their versions from it, so that all fit together.
[ -e requirements/e2e.txt ] && cp requirements/e2e.txt requirements/all.txt
compile all pyproject.toml --all-extras "$@"
for part in "base:server" "embedded:server embedded" "production:server ops" "dev:server embedded dev" \
    "e2e:server embedded dev e2e"; do
    extras=$(printf ' --extra %s' ${part#*:})
    # shellcheck disable=SC2086
    compile "${part%%:*}" pyproject.toml $extras --constraint requirements/all.txt
done
compile setup --group pyproject.toml:setup "$@"
rm requirements/all.txt
