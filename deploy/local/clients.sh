# The npm packages with which tests read the API's documents as programs of others do (tests/Clients). Sourced, never run.

# Installs them once for each lock file, into a folder that all checkouts of a user share, and tells the tests where it is.
provide_clients() {
    local folder packages=(nodejs npm)
    { command -v node && command -v npm; } >/dev/null || install_packages
    (($(node --version | sed 's/^v\([0-9]*\).*/\1/') >= 18)) || fail "Node.js 18 or later is needed for the tests; here is $(node --version)."
    folder=${XDG_CACHE_HOME:-$HOME/.cache}/hikyaku/clients-$(sha256sum <"$repo/tests/Clients/package-lock.json" | cut -c 1-16)
    export HIKYAKU_NODE_PACKAGES=$folder
    [[ -d $folder ]] || install_clients "$folder" || fail "The packages of tests/Clients/package-lock.json could not be installed by npm."
}

# Beside their place first, because another run may be looking. What a package would run at its installation is not run.
install_clients() {
    local new
    mkdir -p "$(dirname "$1")"
    new=$(mktemp -d "$1.XXXXXX")
    cp "$repo"/tests/Clients/package{,-lock}.json "$new/" &&
        npm ci --prefix "$new" --ignore-scripts --no-audit --no-fund --silent >/dev/null &&
        { mv -T "$new" "$1" 2>/dev/null || [[ -d $1 ]]; }
    local code=$?
    rm -rf "$new"
    return $code
}
