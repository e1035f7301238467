# The npm packages with which tests read the API's documents as programs of others do (tests/Clients). Sourced, never run.

# Installs them once for each lock file, into a folder that all checkouts of a user share, and tells the tests where it is.
provide_clients() {
    local folder
    require_node
    folder=${XDG_CACHE_HOME:-$HOME/.cache}/hikyaku/clients-$(sha256sum <"$repo/tests/Clients/package-lock.json" | cut -c 1-16)
    export HIKYAKU_NODE_PACKAGES=$folder
    [[ -d $folder ]] || install_npm_packages "$repo/tests/Clients" "$folder" || fail "The packages of tests/Clients/package-lock.json could not be installed by npm."
}

require_node() {
    local packages=(nodejs npm)
    { command -v node && command -v npm; } >/dev/null || install_packages
    (($(node --version | sed 's/^v\([0-9]*\).*/\1/') >= 18)) || fail "Node.js 18 or later is needed for the tests; here is $(node --version)."
}

# install_npm_packages SOURCE FOLDER OPTION...: beside their place first, because another run may be looking. What a package would run at its
# installation is not run.
install_npm_packages() {
    local new
    mkdir -p "$(dirname "$2")"
    new=$(mktemp -d "$2.XXXXXX")
    cp "$1"/package{,-lock}.json "$new/" &&
        npm ci --prefix "$new" --ignore-scripts --no-audit --no-fund --silent "${@:3}" >/dev/null &&
        { mv -T "$new" "$2" 2>/dev/null || [[ -d $2 ]]; }
    local code=$?
    rm -rf "$new"
    return $code
}
