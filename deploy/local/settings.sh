# What each .NET program is told, as shell assignments in $HIKYAKU_HOME/settings/NAME (mode 600, as
# passwords are in them). Two underscores stand for a level of the configuration. Sourced, never run.

write_settings() {
    mkdir -p "$HIKYAKU_HOME/settings"
    chmod 700 "$HIKYAKU_HOME/settings"
    local name
    for name in $(services_with port); do
        (umask 077 && { settings_of_all && settings_of "$name"; } >"$HIKYAKU_HOME/settings/$name")
    done
    (umask 077 && { settings_of_all && settings_of_mailnode2; } >"$HIKYAKU_HOME/settings/mailnode2")
    (umask 077 && settings_of_webmail >"$HIKYAKU_HOME/settings/webmail")
}

# settings_of NAME: what its line of deploy/services.tsv asks for, and what it alone is told (settings_of_NAME).
settings_of() {
    setting ASPNETCORE_URLS "http://127.0.0.1:$(port_of "$1")"
    ! service_has "$1" database || setting ConnectionStrings__Postgres "$(postgres_as "${service_value["$1 database"]}")"
    ! service_has "$1" broker events || setting Hikyaku__Rabbit "$(rabbit_as "$1" hikyaku)"
    ! service_has "$1" broker states || setting Hikyaku__RabbitNodes "$(rabbit_as "$1" nodes)"
    ! service_has "$1" keys token || setting Hikyaku__TokenPublicKey "$HIKYAKU_HOME/secrets/token.pub"
    ! service_has "$1" keys data || setting Hikyaku__KeyFile "$HIKYAKU_HOME/secrets/data.key"
    ! service_has "$1" nodes lists || settings_of_lists
    [[ $(type -t "settings_of_$1") != function ]] || "settings_of_$1"
}

# Which mail nodes may ask for it: hashes of their credentials.
settings_of_lists() {
    setting Hikyaku__Nodes__mail1 "$(openssl dgst -sha256 -r "$HIKYAKU_HOME/secrets/node-credential" | head -c 64)"
    ((nodes == 1)) || setting Hikyaku__Nodes__mail2 "$(openssl dgst -sha256 -r "$HIKYAKU_HOME/secrets/node-credential2" | head -c 64)"
}

# addresses_of COLUMN VALUE: where those services listen.
addresses_of() {
    local name
    for name in $(services_with "$@"); do
        setting "Hikyaku__Services__$name" "http://127.0.0.1:$(port_of "$name")"
    done
}

settings_of_accounts() {
    # What people read of the mail servers (GET /api/v1/server).
    setting Hikyaku__Server__ReceivingHost "${HIKYAKU_MAIL_HOST:-127.0.0.1}"
    setting Hikyaku__Server__Webmail "$(webmail_address)"
    setting Hikyaku__Server__Panel "$(panel_address)"
    settings_of_ports
    setting Hikyaku__Server__PlaintextLogin "${HIKYAKU_PLAINTEXT_LOGIN:-allow}"
    [[ -z ${HIKYAKU_ARCHIVE_DAYS:-} ]] || setting Hikyaku__Server__ArchiveDays "$HIKYAKU_ARCHIVE_DAYS"
    [[ -z ${HIKYAKU_TRASH_DAYS:-} ]] || setting Hikyaku__Server__TrashDays "$HIKYAKU_TRASH_DAYS"
    setting Hikyaku__OperatorPassword "$(<"$HIKYAKU_HOME/operator-password")"
    setting Hikyaku__DeletionParticipants "$(services_with deletion erases | paste -sd ,)"
}

settings_of_ports() {
    setting Hikyaku__Server__ImapPort "$PORT_IMAP"
    setting Hikyaku__Server__ImapsPort "$PORT_IMAPS"
    setting Hikyaku__Server__Pop3Port "$PORT_POP3"
    setting Hikyaku__Server__Pop3sPort "$PORT_POP3S"
    setting Hikyaku__Server__SubmissionPort "$PORT_SUBMISSION"
    setting Hikyaku__Server__SubmissionsPort "$PORT_SUBMISSIONS"
}

settings_of_spam() {
    # Without a resolver every domain counts as having its DNS here (SPM-5). The mail host is the name by which Postfix greets.
    [[ -z ${HIKYAKU_DNS:-} ]] || setting Hikyaku__Spam__Resolver "$HIKYAKU_DNS"
    setting Hikyaku__Spam__MailHosts "${HIKYAKU_MAIL_HOST:-mail.hikyaku.localhost}"
    setting Hikyaku__Spam__NameServers "${HIKYAKU_NAME_SERVERS:-ns1.hikyaku.localhost,ns2.hikyaku.localhost}"
    [[ -z ${HIKYAKU_DNS_INTERVAL:-} ]] || setting Hikyaku__Spam__CheckInterval "$HIKYAKU_DNS_INTERVAL"
    [[ -z ${HIKYAKU_MAIL_HOST:-} ]] || setting Hikyaku__Server__ReceivingHost "$HIKYAKU_MAIL_HOST"
    [[ -z ${HIKYAKU_TLS_REPORTS:-} ]] || setting Hikyaku__Spam__TlsReports "$HIKYAKU_TLS_REPORTS"
    settings_of_ports
    settings_of_mta_sts
}

# How other servers send here over TLS (RFC 8461): the gateway serves the policy, DNS names it.
settings_of_mta_sts() {
    [[ -n ${HIKYAKU_MTA_STS:-} ]] || return 0
    setting Hikyaku__MtaSts__Mode "$HIKYAKU_MTA_STS"
    setting Hikyaku__MtaSts__Hosts "${HIKYAKU_MAIL_HOST:-mail.hikyaku.localhost}"
    [[ -z ${HIKYAKU_MTA_STS_HOST:-} ]] || setting Hikyaku__MtaSts__PolicyHost "$HIKYAKU_MTA_STS_HOST"
}

settings_of_gateway() {
    settings_of_mta_sts
    setting Hikyaku__TokenPrivateKey "$HIKYAKU_HOME/secrets/token.key"
    # The panel tells whom it asks for; it runs beside the gateway.
    setting Hikyaku__TrustedProxies "127.0.0.1${HIKYAKU_TRUSTED_PROXIES:+,$HIKYAKU_TRUSTED_PROXIES}"
    # Profiles for phones are signed where a key is set.
    [[ -z ${HIKYAKU_PROFILE_CERTIFICATE:-} ]] || setting Hikyaku__ProfileSigning__Certificate "$HIKYAKU_PROFILE_CERTIFICATE"
    [[ -z ${HIKYAKU_PROFILE_KEY:-} ]] || setting Hikyaku__ProfileSigning__Key "$HIKYAKU_PROFILE_KEY"
    addresses_of keys token
}

settings_of_datacopy() {
    settings_of_own_mail
    setting Hikyaku__CopyDestination "127.0.0.1:$PORT_IMAP"
    [[ -z ${HIKYAKU_COPY_ALLOW:-} ]] || setting Hikyaku__CopyAllow "$HIKYAKU_COPY_ALLOW"
    [[ -z ${HIKYAKU_COPY_JOBS:-} ]] || setting Hikyaku__CopyJobs "$HIKYAKU_COPY_JOBS"
}

# The platform's own mail: Postfix takes what comes from this machine. Elsewhere: submissions://HOST, with Login and PasswordFile.
settings_of_own_mail() {
    setting Hikyaku__Mail__Submission "smtp://127.0.0.1:$PORT_REINJECT"
    setting Hikyaku__Mail__From "${HIKYAKU_NOTICES_FROM:-notices@hikyaku.example}"
}

settings_of_feed() {
    settings_of_own_mail
    [[ -z ${HIKYAKU_WEBHOOK_ALLOW:-} ]] || setting Hikyaku__WebhookAllow "$HIKYAKU_WEBHOOK_ALLOW"
}

settings_of_panel() {
    setting Hikyaku__Gateway "http://127.0.0.1:$PORT_GATEWAY"
    setting Hikyaku__KeysFolder "$HIKYAKU_HOME/panel/keys"
    [[ -z ${HIKYAKU_TRUSTED_PROXIES:-} ]] || setting Hikyaku__TrustedProxies "$HIKYAKU_TRUSTED_PROXIES"
}

settings_of_mailnode() { settings_of_node mail1 mailnode node-credential PORT; }

settings_of_mailnode2() {
    setting ASPNETCORE_URLS "http://127.0.0.1:$PORT2_MAILNODE"
    settings_of_node mail2 mailnode2 node-credential2 PORT2
}

# settings_of_node NAME FOLDER CREDENTIAL PORTS: the last is how the names of its ports begin.
settings_of_node() {
    local capacity=$4_CAPACITY policy=$4_POLICY imap=$4_IMAP pop3=$4_POP3 lmtp=$4_LMTP quota=$4_QUOTA doveadm=$4_DOVEADM learn=$4_LEARN
    setting Hikyaku__Node "$1"
    setting Hikyaku__NodeHome "$HIKYAKU_HOME/$2"
    setting Hikyaku__Rabbit "$(rabbit_as "$1" hikyaku)"
    setting Hikyaku__RabbitNodes "$(rabbit_as "$1" nodes)"
    addresses_of nodes lists
    setting Hikyaku__NodeCredential "$HIKYAKU_HOME/secrets/$3"
    setting Hikyaku__Advertise__Host 127.0.0.1
    setting Hikyaku__Advertise__ImapPort "${!imap}"
    setting Hikyaku__Advertise__Pop3Port "${!pop3}"
    setting Hikyaku__Advertise__LmtpPort "${!lmtp}"
    setting Hikyaku__Advertise__QuotaPort "${!quota}"
    setting Hikyaku__CapacityPort "${!capacity}"
    setting Hikyaku__PolicyPort "${!policy}"
    [[ -z ${HIKYAKU_HARD_LIMIT:-} ]] || setting Hikyaku__HardLimit "$HIKYAKU_HARD_LIMIT"
    setting Hikyaku__Doveadm "http://127.0.0.1:${!doveadm}"
    setting Hikyaku__DoveadmKey "$HIKYAKU_HOME/secrets/doveadm.key"
    [[ ${HIKYAKU_UPDATES:-off} == off ]] || setting Hikyaku__Updates true
    [[ ${HIKYAKU_UNSCANNED:-wait} == wait ]] || setting Hikyaku__Unscanned "$HIKYAKU_UNSCANNED"
    setting Hikyaku__Rspamd "http://127.0.0.1:${!learn}"
    setting Hikyaku__RspamdPassword "$HIKYAKU_HOME/$2/scanner/learn.password"
    [[ ${HIKYAKU_LEARNING:-on} == on ]] || setting Hikyaku__Learning false
    [[ -z ${HIKYAKU_ARCHIVE_DAYS:-} ]] || setting Hikyaku__ArchiveAfterDays "$HIKYAKU_ARCHIVE_DAYS"
    [[ -z ${HIKYAKU_TRASH_DAYS:-} ]] || setting Hikyaku__TrashDays "$HIKYAKU_TRASH_DAYS"
}

# Roundcube's, explained in webmail/config/config.inc.php. It connects from an address of its own, which alone is trusted to tell clients'.
settings_of_webmail() {
    setting WEBMAIL_DATABASE "pgsql://webmail:$(<"$HIKYAKU_HOME/secrets/postgres-webmail")@127.0.0.1:$PORT_POSTGRES/webmail"
    setting WEBMAIL_KEY "$(<"$HIKYAKU_HOME/secrets/webmail.key")"
    setting WEBMAIL_IMAP "ssl://127.0.0.1:$PORT_IMAPS"
    setting WEBMAIL_SMTP "ssl://127.0.0.1:$PORT_SUBMISSIONS"
    setting WEBMAIL_CERTIFICATE "$HIKYAKU_HOME/webmail/servers.pem"
    setting WEBMAIL_SOURCE "$webmail_source"
    setting WEBMAIL_PANEL "$(panel_address)"
}

webmail_source=127.0.0.2

# Where people find them.
webmail_address() { echo "${HIKYAKU_WEBMAIL_URL:-http://127.0.0.1:$PORT_WEBMAIL}"; }
panel_address() { echo "${HIKYAKU_PANEL_URL:-http://127.0.0.1:$PORT_PANEL}"; }

settings_of_outbox() { setting Hikyaku__SmtpPort "$PORT_OUTBOX_SMTP"; }

settings_of_all() {
    setting DOTNET_ROOT "$(dirname "$(readlink -f "$(command -v dotnet)")")"
    # One heap a program: seven of them share one small machine.
    setting DOTNET_gcServer 0
    [[ -z ${HIKYAKU_PASSWORD_COST:-} ]] || setting Hikyaku__PasswordCost "$HIKYAKU_PASSWORD_COST"
    # Keys are as costly as hashes; those of 1024 bits are made in a tenth of the time.
    [[ ${HIKYAKU_PASSWORD_COST:-} != low ]] || setting Hikyaku__DkimKeyBits 1024
    local name
    for name in OTEL_EXPORTER_OTLP_ENDPOINT OTEL_EXPORTER_OTLP_PROTOCOL; do
        [[ -z ${!name:-} ]] || setting "$name" "${!name}"
    done
}

setting() { printf '%s=%q\n' "$1" "$2"; }
postgres_as() { echo "Host=127.0.0.1;Port=$PORT_POSTGRES;Database=$1;Username=$1;Password=$(<"$HIKYAKU_HOME/secrets/postgres-$1")"; }
rabbit_as() { echo "amqp://$1:$(<"$HIKYAKU_HOME/secrets/rabbit-$1")@127.0.0.1:$PORT_RABBIT/$2"; }
