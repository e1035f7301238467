# Every port of one copy of the platform: HIKYAKU_PORT_BASE plus a fixed offset, on 127.0.0.1.
# Copies side by side need bases at least 1000 apart. Sourced, never run.

export HIKYAKU_PORT_BASE=${HIKYAKU_PORT_BASE:-18000}
[[ $HIKYAKU_PORT_BASE =~ ^[0-9]+$ ]] && ((HIKYAKU_PORT_BASE >= 1024 && HIKYAKU_PORT_BASE <= 64000)) || {
    echo "HIKYAKU_PORT_BASE must be a number from 1024 to 64000, not '$HIKYAKU_PORT_BASE'." >&2
    exit 2
}

while read -r name offset; do
    export "PORT_$name=$((HIKYAKU_PORT_BASE + offset))"
done <<'PORTS'
GATEWAY 0
PANEL 1
WEBMAIL 2
OUTBOX 3
OUTBOX_SMTP 4
POSTGRES 5
RABBIT 6
RABBIT_MANAGEMENT 7
RABBIT_DIST 8
EPMD 9
ACCOUNTS 10
MAILNODE 20
LMTP 24
SMTP 25
REINJECT 26
SASL 27
QUOTA 28
DOVEADM 29
POP3 110
IMAP 143
SUBMISSIONS 465
SUBMISSION 587
IMAPS 993
POP3S 995
PORTS
unset name offset
