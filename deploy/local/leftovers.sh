# Finds and ends processes of this very copy that have lost their master: when a master is killed
# with SIGKILL its children go on for a while and keep ports, locks and shared memory. Sourced, never run.
#
# A process belongs to this copy when its working directory is below $HIKYAKU_HOME (each is started
# there by a script in start/) and its program is one of the servers': a shell or
# an editor in there is left alone.

# processes_of NAME: the ids of the processes that belong to one program of the supervisor's.
processes_of() {
    local pattern process folder=*
    # Of two nodes each one's servers work below its own folder.
    case $1 in
        rspamd | scanner) folder=mailnode/$1 ;; # one program
        rspamd2 | scanner2) folder=mailnode2/${1%2} ;;
        dovecot | postfix | srs | redis | clamav) folder=mailnode ;;
        webmail | nginx) folder=webmail ;;
        dovecot2 | postfix2 | srs2 | redis2 | clamav2) folder=mailnode2 ;;
    esac
    case $1 in
        postgres) pattern='/usr/lib/postgresql/*/bin/postgres' ;;
        rabbitmq) pattern='/usr/lib/erlang/*' ;;
        dovecot*) pattern='/usr/@(sbin|lib|libexec)/dovecot*' ;;
        postfix*) pattern='/usr/lib/postfix/*' ;;
        rspamd* | scanner*) pattern='/usr/bin/rspamd*' ;;
        srs*) pattern='/usr/sbin/postsrsd' ;;
        redis*) pattern='/usr/bin/redis-*' ;;
        webmail) pattern='/usr/sbin/php-fpm*' ;;
        nginx) pattern='/usr/sbin/nginx' ;;
        clamav*) pattern='/usr/@(sbin/clamd|bin/freshclam)' ;;
        *) pattern="$HIKYAKU_HOME/bin*/$1/*" ;;
    esac
    for process in $(find /proc/[0-9]* -maxdepth 1 -name cwd \( -lname "$HIKYAKU_HOME/$folder" -o -lname "$HIKYAKU_HOME/$folder/*" \) -printf '%h\n' 2>/dev/null); do
        # shellcheck disable=SC2053 # a pattern
        [[ $(readlink "$process/exe") == $pattern ]] && echo "${process#/proc/}"
    done
    return 0
}

# end_processes_of NAME [SECONDS]: asks them to end, insists after some seconds, returns when all are gone.
end_processes_of() {
    local name=$1 seconds=${2:-5} signal=TERM tenth processes
    for ((tenth = 0; tenth < 10 * (seconds + 10); tenth++)); do
        mapfile -t processes < <(processes_of "$name")
        ((${#processes[@]})) || return 0
        ((tenth < 10 * seconds)) || signal=KILL
        # Not each time: a second SIGTERM makes some servers end at once instead of in order.
        if ((tenth == 0)) || [[ $signal == KILL ]]; then
            kill -s "$signal" "${processes[@]}" 2>/dev/null || true
        fi
        sleep 0.1
    done
    echo "Processes of $name do not end: ${processes[*]}" >&2
    return 1
}
