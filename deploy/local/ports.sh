# Every port of one copy of the platform: HIKYAKU_PORT_BASE plus a fixed offset, on 127.0.0.1.
# Copies side by side need bases at least 1000 apart. Sourced, never run.

export HIKYAKU_PORT_BASE=${HIKYAKU_PORT_BASE:-18000}
[[ $HIKYAKU_PORT_BASE =~ ^[0-9]+$ ]] && ((HIKYAKU_PORT_BASE >= 1024 && HIKYAKU_PORT_BASE <= 64000)) || {
    echo "HIKYAKU_PORT_BASE must be a number from 1024 to 64000, not '$HIKYAKU_PORT_BASE'." >&2
    exit 2
}

# The programs' own are in deploy/services.tsv.
. "$(dirname "${BASH_SOURCE[0]}")/services.sh"
for name in $(services_with port); do
    export "PORT_${name^^}=$((HIKYAKU_PORT_BASE + ${service_value["$name port"]}))"
done

while read -r name offset; do
    export "PORT_$name=$((HIKYAKU_PORT_BASE + offset))"
done <<'PORTS'
WEBMAIL 2
OUTBOX_SMTP 4
POSTGRES 5
RABBIT 6
RABBIT_MANAGEMENT 7
RABBIT_DIST 8
EPMD 9
CAPACITY 23
LMTP 24
SMTP 25
REINJECT 26
SASL 27
QUOTA 28
DOVEADM 29
MILTER 31
FORWARD 32
SRS 33
SRS_BACK 34
SCANNER 35
CLAMAV 36
LEARN 37
REDIS 38
POLICY 39
POP3 110
IMAP 143
SUBMISSIONS 465
SUBMISSION 587
IMAPS 993
POP3S 995
PORTS

# The second mail node's: PORT2_…, HIKYAKU_NODES=2.
while read -r name offset; do
    export "PORT2_$name=$((HIKYAKU_PORT_BASE + offset))"
done <<'PORTS'
MAILNODE 50
CAPACITY 53
LMTP 54
SMTP 55
REINJECT 56
SASL 57
QUOTA 58
DOVEADM 59
MILTER 61
FORWARD 62
SRS 63
SRS_BACK 64
SCANNER 65
CLAMAV 66
LEARN 67
REDIS 68
POLICY 69
POP3 160
IMAP 193
SUBMISSIONS 515
SUBMISSION 637
IMAPS 943
POP3S 945
PORTS
unset name offset
