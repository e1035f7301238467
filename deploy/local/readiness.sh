# Who answers, and where it listens. Sourced, never run.

# "name kind address": http answers its address with success, tcp accepts connections.
readiness_checks() {
    local name
    for name in $(services_with port); do
        echo "$name http $(port_of "$name")"
    done
    cat <<CHECKS
webmail http $PORT_WEBMAIL
postgres tcp $PORT_POSTGRES
rabbitmq tcp $PORT_RABBIT
rabbitmq tcp $PORT_RABBIT_MANAGEMENT
outbox tcp $PORT_OUTBOX_SMTP
dovecot tcp $PORT_IMAP
dovecot tcp $PORT_POP3
dovecot tcp $PORT_LMTP
postfix tcp $PORT_SMTP
postfix tcp $PORT_SUBMISSION
rspamd tcp $PORT_MILTER
srs tcp $PORT_SRS
scanner tcp $PORT_SCANNER
clamav tcp $PORT_CLAMAV
redis tcp $PORT_REDIS
CHECKS
    ((nodes == 2)) || return 0
    cat <<CHECKS
mailnode2 http $PORT2_MAILNODE
dovecot2 tcp $PORT2_IMAP
dovecot2 tcp $PORT2_LMTP
postfix2 tcp $PORT2_SMTP
postfix2 tcp $PORT2_SUBMISSION
rspamd2 tcp $PORT2_MILTER
srs2 tcp $PORT2_SRS
scanner2 tcp $PORT2_SCANNER
clamav2 tcp $PORT2_CLAMAV
redis2 tcp $PORT2_REDIS
CHECKS
}

# not_ready [CHECKS]: prints those checks that fail now; succeeds when there is none.
not_ready() {
    local name kind port failing=
    while read -r name kind port; do
        is_ready "$kind" "$port" || failing+="$name $kind $port"$'\n'
    done <<<"${1:-$(readiness_checks)}"
    printf %s "$failing"
    [[ -z $failing ]]
}

names_in() { cut -d ' ' -f 1 <<<"$1" | sort -u | xargs; }

# why_not_ready CHECKS: what those of them say who can say something.
why_not_ready() {
    local name kind port
    while read -r name kind port; do
        [[ $kind != http ]] || echo "$name: $(curl -sS -m 10 "http://127.0.0.1:$port/health/ready" 2>&1 </dev/null)"
    done <<<"$1"
}

is_ready() {
    case $1 in
        http) curl -fsS -m 2 -o /dev/null "http://127.0.0.1:$2/health/ready" 2>/dev/null ;;
        tcp) (exec 3<>"/dev/tcp/127.0.0.1/$2") 2>/dev/null ;;
    esac
}

# Asks again only who was not ready, as every question is a line in somebody's log.
wait_until_ready() {
    local seconds=300 end checks name
    end=$((SECONDS + seconds))
    checks=$(readiness_checks)
    while ! checks=$(not_ready "$checks"); do
        if ((SECONDS > end)); then
            for name in $(names_in "$checks"); do
                printf '\n--- the end of %s\n' "$HIKYAKU_HOME/logs/$name.log"
                tail -n 20 "$HIKYAKU_HOME/logs/$name.log" || true
            done >&2
            fail "" "Not ready after $seconds s: $(names_in "$checks")"
        fi
        sleep 0.5
    done
}

write_endpoints() {
    local file=$HIKYAKU_HOME/endpoints.json host=127.0.0.1 second= webmail_address
    webmail_address=$(webmail_address)
    ((nodes == 1)) || second=",
  \"imap2\": \"$host:$PORT2_IMAP\",
  \"pop32\": \"$host:$PORT2_POP3\",
  \"submission2\": \"$host:$PORT2_SUBMISSION\",
  \"smtp2\": \"$host:$PORT2_SMTP\""
    cat >"$file.new" <<JSON
{
  "gateway": "http://$host:$PORT_GATEWAY",
  "panel": "http://$host:$PORT_PANEL",
  "webmail": "$webmail_address",
  "imap": "$host:$PORT_IMAP",
  "imaps": "$host:$PORT_IMAPS",
  "pop3": "$host:$PORT_POP3",
  "pop3s": "$host:$PORT_POP3S",
  "submission": "$host:$PORT_SUBMISSION",
  "submissions": "$host:$PORT_SUBMISSIONS",
  "smtp": "$host:$PORT_SMTP",
  "rabbitmqManagement": "http://$host:$PORT_RABBIT_MANAGEMENT",
  "postgres": "$host:$PORT_POSTGRES",
  "outbox": "http://$host:$PORT_OUTBOX"$second
}
JSON
    mv "$file.new" "$file"
}
