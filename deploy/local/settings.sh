# What each .NET program is told, as shell assignments in $HIKYAKU_HOME/settings/NAME (mode 600, as
# passwords are in them). Two underscores stand for a level of the configuration. Sourced, never run.

write_settings() {
    mkdir -p "$HIKYAKU_HOME/settings"
    chmod 700 "$HIKYAKU_HOME/settings"
    local name
    for name in accounts gateway mailnode outbox; do
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
    setting Hikyaku__OperatorPassword "$(<"$HIKYAKU_HOME/operator-password")"
    setting Hikyaku__KeyFile "$HIKYAKU_HOME/secrets/data.key"
    setting Hikyaku__DeletionParticipants gateway
}

settings_of_gateway() {
    setting ASPNETCORE_URLS "http://127.0.0.1:$PORT_GATEWAY"
    setting ConnectionStrings__Postgres "$(postgres_as gateway)"
    setting Hikyaku__Rabbit "$(rabbit_as gateway hikyaku)"
    setting Hikyaku__TokenPrivateKey "$HIKYAKU_HOME/secrets/token.key"
    setting Hikyaku__Services__accounts "http://127.0.0.1:$PORT_ACCOUNTS"
}

settings_of_mailnode() {
    setting ASPNETCORE_URLS "http://127.0.0.1:$PORT_MAILNODE"
    setting Hikyaku__Node mail1
    setting Hikyaku__NodeHome "$HIKYAKU_HOME/mailnode"
    setting Hikyaku__Rabbit "$(rabbit_as mail1 hikyaku)"
    setting Hikyaku__RabbitNodes "$(rabbit_as mail1 nodes)"
    setting Hikyaku__Services__accounts "http://127.0.0.1:$PORT_ACCOUNTS"
    setting Hikyaku__NodeCredential "$HIKYAKU_HOME/secrets/node-credential"
    setting Hikyaku__Doveadm "http://127.0.0.1:$PORT_DOVEADM"
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
    # One heap a program: six of them share one small machine.
    setting DOTNET_gcServer 0
    [[ -z ${HIKYAKU_PASSWORD_COST:-} ]] || setting Hikyaku__PasswordCost "$HIKYAKU_PASSWORD_COST"
    local name
    for name in OTEL_EXPORTER_OTLP_ENDPOINT OTEL_EXPORTER_OTLP_PROTOCOL "${!HIKYAKU_TEST_@}"; do
        [[ -z ${!name:-} ]] || setting "$name" "${!name}"
    done
}

setting() { printf '%s=%q\n' "$1" "$2"; }
postgres_as() { echo "Host=127.0.0.1;Port=$PORT_POSTGRES;Database=$1;Username=$1;Password=$(<"$HIKYAKU_HOME/secrets/postgres-$1")"; }
rabbit_as() { echo "amqp://$1:$(<"$HIKYAKU_HOME/secrets/rabbit-$1")@127.0.0.1:$PORT_RABBIT/$2"; }
