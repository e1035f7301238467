# What a machine needs before ./dev up: a supported system, root, the Debian packages, the .NET SDK.
# Sourced, never run.

packages=(
    postgresql rabbitmq-server postfix postfix-sqlite
    dovecot-core dovecot-imapd dovecot-pop3d dovecot-lmtpd dovecot-sqlite dovecot-sieve rspamd postsrsd redis-server
    clamav-daemon clamav-freshclam
    roundcube-core roundcube-pgsql php-fpm php-cli php-intl php-pgsql nginx-light
    supervisor sqlite3 curl jq openssl git ca-certificates
)
# The commands of those packages, to tell on other systems what is missing.
programs=(postgres rabbitmq-server postfix dovecot rspamd postsrsd redis-server clamd freshclam nginx php supervisord sqlite3 curl jq openssl git)

install_everything() {
    require_supported_machine
    require_root install
    install_packages
    require_supported_servers
    require_dotnet
}

require_supported_machine() {
    command -v apt-get >/dev/null && command -v dpkg-query >/dev/null && return
    local program missing=()
    for program in "${programs[@]}" dotnet; do
        PATH=$PATH:/usr/sbin:/sbin command -v "$program" >/dev/null || missing+=("$program")
    done
    fail "This needs Debian 12, or Ubuntu 22.04 or 24.04 (apt): servers are taken from their packages." \
        "Missing here: ${missing[*]:-no program, but the packages' layout is Debian's}." \
        "Run it in a container or a virtual machine of Debian 12 that has the .NET SDK 10."
}

# What the packages are is known only once they are there.
require_supported_servers() {
    local version
    version=$(dovecot --version) || fail "Dovecot is installed and does not tell its version."
    [[ $version == 2.3.* ]] ||
        fail "Dovecot ${version%% *} is installed here; its configuration differs from that of Dovecot 2.3, which this needs." \
            "Run it in a container or a virtual machine of Debian 12 that has the .NET SDK 10."
}

# Servers run as their own users and ports below 1024 are not needed, but Postfix and Dovecot
# start as root only. Restarts the calling ./dev through sudo when it is not root.
require_root() {
    ((EUID == 0)) && return
    command -v sudo >/dev/null || fail "Postfix and Dovecot start as root only, and sudo is not installed. Run this as root."
    exec sudo -E env "PATH=$PATH" "$repo/dev" "$@"
}

require_dotnet() {
    dotnet --list-sdks 2>/dev/null | grep -q '^10\.' && return
    fail "The .NET SDK 10 is missing." \
        "Get it from https://dotnet.microsoft.com/download/dotnet/10.0 or by" \
        "  curl -sSL https://dot.net/v1/dotnet-install.sh | bash -s -- --channel 10.0 --install-dir /usr/local/share/dotnet && ln -s /usr/local/share/dotnet/dotnet /usr/local/bin/dotnet"
}

install_packages() {
    local missing
    mapfile -t missing < <(missing_packages)
    ((${#missing[@]})) || return 0
    echo "Installing ${missing[*]}"
    mkdir -p "$HIKYAKU_HOME/logs"
    # A subshell, so that its trap takes the policy away however the installation ends.
    (
        deny_service_starts
        export DEBIAN_FRONTEND=noninteractive
        # Roundcube's package makes no database: webmail has one in this copy's PostgreSQL.
        echo "roundcube-core roundcube/dbconfig-install boolean false" | debconf-set-selections
        apt-get update -qq && apt-get install -y -qq --no-install-recommends "${missing[@]}"
    ) </dev/null >"$HIKYAKU_HOME/logs/install.log" 2>&1 ||
        fail "The installation failed; the end of $HIKYAKU_HOME/logs/install.log:" "$(tail -n 15 "$HIKYAKU_HOME/logs/install.log")"
    keep_from_starting_at_boot "${missing[@]}"
}

# The system's own instances, just installed, are not used here.
keep_from_starting_at_boot() {
    [[ -d /run/systemd/system ]] || return 0
    local package
    for package in "$@"; do
        case $package in
            postgresql | rabbitmq-server | postfix | postsrsd | rspamd | redis-server | clamav-daemon | clamav-freshclam | supervisor | nsd | nginx-light)
                systemctl -q disable "${package%-light}" || true
                ;;
            php-fpm) systemctl -q disable 'php*-fpm.service' || true ;;
            dovecot-core) systemctl -q disable dovecot.service dovecot.socket || true ;;
        esac
    done
}

missing_packages() {
    local package installed
    installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "${packages[@]}" 2>/dev/null | sed -n 's/^installed //p') || true
    for package in "${packages[@]}"; do
        grep -qxF "$package" <<<"$installed" || echo "$package"
    done
    # The library's own package carries a version in its name, this one depends on it.
    /sbin/ldconfig -p | grep -q 'libicuuc\.so' || echo libicu-dev
}

# invoke-rc.d asks this script; 101 means no. Whatever was there before comes back at the end.
deny_service_starts() {
    policy=/usr/sbin/policy-rc.d saved=/usr/sbin/policy-rc.d.before-hikyaku mark='# for the time of an installation by ./dev up'
    # Ours can be there already when an earlier installation was killed.
    if [[ -e $policy ]] && ! grep -qxF "$mark" "$policy"; then
        mv "$policy" "$saved"
    fi
    trap allow_service_starts EXIT
    trap 'exit 1' INT TERM HUP
    printf '#!/bin/sh\n%s\nexit 101\n' "$mark" >"$policy"
    chmod 755 "$policy"
}

allow_service_starts() {
    rm -f "$policy"
    [[ ! -e $saved ]] || mv "$saved" "$policy"
}
