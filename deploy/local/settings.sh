# What each .NET program is told, as shell assignments in $HIKYAKU_HOME/settings/NAME (mode 600, as
# passwords are in them). Two underscores stand for a level of the configuration. Sourced, never run.

write_settings() {
    mkdir -p "$HIKYAKU_HOME/settings"
    chmod 700 "$HIKYAKU_HOME/settings"
    local name
    for name in accounts gateway feed mailnode mailnode2 outbox; do
        (umask 077 && { settings_of_all && "settings_of_$name"; } >"$HIKYAKU_HOME/settings/$name")
    done
}

settings_of_accounts() {
    setting ASPNETCORE_URLS "http://127.0.0.1:$PORT_ACCOUNTS"
    setting ConnectionStrings__Postgres "$(postgres_as accounts)"
    setting Hikyaku__Rabbit "$(rabbit_as accounts hikyaku)"
    setting Hikyaku__RabbitNodes "$(rabbit_as accounts nodes)"
    setting Hikyaku__TokenPublicKey "$HIKYAKU_HOME/secrets/token.pub"
    setting Hikyaku__Nodes__mail1 "$(openssl dgst -sha256 -r "$HIKYAKU_HOME/secrets/node-credential" | head -c 64)"
    ((nodes == 1)) || setting Hikyaku__Nodes__mail2 "$(openssl dgst -sha256 -r "$HIKYAKU_HOME/secrets/node-credential2" | head -c 64)"
    # What people read of the mail servers (GET /api/v1/server).
    setting Hikyaku__Server__ReceivingHost "${HIKYAKU_MAIL_HOST:-127.0.0.1}"
    setting Hikyaku__Server__ImapPort "$PORT_IMAP"
    setting Hikyaku__Server__ImapsPort "$PORT_IMAPS"
    setting Hikyaku__Server__Pop3Port "$PORT_POP3"
    setting Hikyaku__Server__Pop3sPort "$PORT_POP3S"
    setting Hikyaku__Server__SubmissionPort "$PORT_SUBMISSION"
    setting Hikyaku__Server__SubmissionsPort "$PORT_SUBMISSIONS"
    setting Hikyaku__Server__PlaintextLogin "${HIKYAKU_PLAINTEXT_LOGIN:-allow}"
    [[ -z ${HIKYAKU_ARCHIVE_DAYS:-} ]] || setting Hikyaku__Server__ArchiveDays "$HIKYAKU_ARCHIVE_DAYS"
    [[ -z ${HIKYAKU_TRASH_DAYS:-} ]] || setting Hikyaku__Server__TrashDays "$HIKYAKU_TRASH_DAYS"
    setting Hikyaku__OperatorPassword "$(<"$HIKYAKU_HOME/operator-password")"
    setting Hikyaku__KeyFile "$HIKYAKU_HOME/secrets/data.key"
    setting Hikyaku__DeletionParticipants gateway,feed
}

settings_of_gateway() {
    setting ASPNETCORE_URLS "http://127.0.0.1:$PORT_GATEWAY"
    setting ConnectionStrings__Postgres "$(postgres_as gateway)"
    setting Hikyaku__Rabbit "$(rabbit_as gateway hikyaku)"
    setting Hikyaku__TokenPrivateKey "$HIKYAKU_HOME/secrets/token.key"
    setting Hikyaku__Services__accounts "http://127.0.0.1:$PORT_ACCOUNTS"
    setting Hikyaku__Services__feed "http://127.0.0.1:$PORT_FEED"
}

settings_of_feed() {
    setting ASPNETCORE_URLS "http://127.0.0.1:$PORT_FEED"
    setting ConnectionStrings__Postgres "$(postgres_as feed)"
    setting Hikyaku__Rabbit "$(rabbit_as feed hikyaku)"
    setting Hikyaku__TokenPublicKey "$HIKYAKU_HOME/secrets/token.pub"
    setting Hikyaku__KeyFile "$HIKYAKU_HOME/secrets/data.key"
    [[ -z ${HIKYAKU_WEBHOOK_ALLOW:-} ]] || setting Hikyaku__WebhookAllow "$HIKYAKU_WEBHOOK_ALLOW"
}

settings_of_mailnode() { settings_of_node mail1 mailnode node-credential PORT; }

settings_of_mailnode2() { settings_of_node mail2 mailnode2 node-credential2 PORT2; }

# settings_of_node NAME FOLDER CREDENTIAL PORTS: the last is how the names of its ports begin.
settings_of_node() {
    local agent=$4_MAILNODE capacity=$4_CAPACITY imap=$4_IMAP pop3=$4_POP3 lmtp=$4_LMTP quota=$4_QUOTA doveadm=$4_DOVEADM
    setting ASPNETCORE_URLS "http://127.0.0.1:${!agent}"
    setting Hikyaku__Node "$1"
    setting Hikyaku__NodeHome "$HIKYAKU_HOME/$2"
    setting Hikyaku__Rabbit "$(rabbit_as "$1" hikyaku)"
    setting Hikyaku__RabbitNodes "$(rabbit_as "$1" nodes)"
    setting Hikyaku__Services__accounts "http://127.0.0.1:$PORT_ACCOUNTS"
    setting Hikyaku__NodeCredential "$HIKYAKU_HOME/secrets/$3"
    setting Hikyaku__Advertise__Host 127.0.0.1
    setting Hikyaku__Advertise__ImapPort "${!imap}"
    setting Hikyaku__Advertise__Pop3Port "${!pop3}"
    setting Hikyaku__Advertise__LmtpPort "${!lmtp}"
    setting Hikyaku__Advertise__QuotaPort "${!quota}"
    setting Hikyaku__CapacityPort "${!capacity}"
    setting Hikyaku__Doveadm "http://127.0.0.1:${!doveadm}"
    setting Hikyaku__DoveadmKey "$HIKYAKU_HOME/secrets/doveadm.key"
    [[ -z ${HIKYAKU_ARCHIVE_DAYS:-} ]] || setting Hikyaku__ArchiveAfterDays "$HIKYAKU_ARCHIVE_DAYS"
    [[ -z ${HIKYAKU_TRASH_DAYS:-} ]] || setting Hikyaku__TrashDays "$HIKYAKU_TRASH_DAYS"
}

settings_of_outbox() {
    setting ASPNETCORE_URLS "http://127.0.0.1:$PORT_OUTBOX"
    setting Hikyaku__SmtpPort "$PORT_OUTBOX_SMTP"
}

settings_of_all() {
    setting DOTNET_ROOT "$(dirname "$(readlink -f "$(command -v dotnet)")")"
    # One heap a program: seven of them share one small machine.
    setting DOTNET_gcServer 0
    [[ -z ${HIKYAKU_PASSWORD_COST:-} ]] || setting Hikyaku__PasswordCost "$HIKYAKU_PASSWORD_COST"
    local name
    for name in OTEL_EXPORTER_OTLP_ENDPOINT OTEL_EXPORTER_OTLP_PROTOCOL; do
        [[ -z ${!name:-} ]] || setting "$name" "${!name}"
    done
}

setting() { printf '%s=%q\n' "$1" "$2"; }
postgres_as() { echo "Host=127.0.0.1;Port=$PORT_POSTGRES;Database=$1;Username=$1;Password=$(<"$HIKYAKU_HOME/secrets/postgres-$1")"; }
rabbit_as() { echo "amqp://$1:$(<"$HIKYAKU_HOME/secrets/rabbit-$1")@127.0.0.1:$PORT_RABBIT/$2"; }
