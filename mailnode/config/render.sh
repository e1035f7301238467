#!/bin/bash
# Writes the configuration of one mail node's Dovecot, Postfix and Rspamd from the templates beside this script and
# makes the folders that they need. Running it again changes nothing that was made before.
#
# Environment:
#   HIKYAKU_HOME             absolute path; everything goes below $HIKYAKU_HOME/$HIKYAKU_NODE_FOLDER and $HIKYAKU_HOME/logs.
#                            The servers run as users of their own, who must be able to pass through it.
#   PORT_SMTP PORT_SUBMISSION PORT_SUBMISSIONS PORT_REINJECT            Postfix
#   PORT_IMAP PORT_IMAPS PORT_POP3 PORT_POP3S PORT_LMTP PORT_SASL PORT_QUOTA PORT_DOVEADM    Dovecot
#   PORT_MILTER              Rspamd
#   PORT_CAPACITY            where the agent answers for the space of mailboxes on other nodes
#   PORT_MAILNODE            where the node's agent listens
#   PORT_OUTBOX_SMTP         optional: mail for other domains goes to this port instead of the internet
#   HIKYAKU_PLAINTEXT_LOGIN  allow (default) or refuse: login without TLS on the plain ports (rule NOD-1)
#   HIKYAKU_MAX_LAG_MINUTES  optional, default 60: submission stops when the replica was not known to be right for so long
#   HIKYAKU_MAIL_HOST        optional: the host name by which the servers greet
#   HIKYAKU_MEMORY           optional: a folder in memory (tmpfs) for a key that no disk or backup may hold; /dev/shm
#   HIKYAKU_NODE_NETWORKS    optional: networks of the other nodes, which may say whose login they hand on
#   HIKYAKU_NODE_FOLDER      optional: mailnode (default), mailnode2, …: the folder of one of several nodes
# Reads at run time: $HIKYAKU_HOME/secrets/{cert,key}.pem, $HIKYAKU_HOME/secrets/doveadm.key.
#
# Everything listens on 127.0.0.1. Who may read what: the replica is written by the agent and read by Postfix's
# proxymap and Dovecot's auth workers, which have the group `postfix` (Postfix gives up every other group); its
# folder hands that group on to the files made in it. Nobody else reads it: password hashes are in it. See
# docs/mail-flow.md.
set -euo pipefail
templates=$(cd "$(dirname "$0")" && pwd)

fail() { echo "render.sh: $*" >&2; exit 1; }

[[ ${HIKYAKU_HOME:-} == /* ]] || fail "HIKYAKU_HOME must be an absolute path"
[[ $HIKYAKU_HOME =~ ^[A-Za-z0-9/._-]+$ ]] || fail "HIKYAKU_HOME may hold letters, digits and / . _ - only"
# The longest socket below it must fit into the 108 bytes of a socket's address (unix(7)).
((${#HIKYAKU_HOME} <= 60)) || fail "HIKYAKU_HOME may be 60 characters long at most"

folder=${HIKYAKU_NODE_FOLDER:-mailnode}
[[ $folder =~ ^mailnode[0-9]*$ ]] || fail "HIKYAKU_NODE_FOLDER must be mailnode or mailnode and a number"
node=$HIKYAKU_HOME/$folder
case ${HIKYAKU_PLAINTEXT_LOGIN:-allow} in
    allow) dovecot_ssl=yes tls_auth_only=no logins="" ;;
    # Dovecot takes a connection within one machine for secured, so the query asks again; SMTP AUTH is Postfix's to refuse.
    refuse) dovecot_ssl=required tls_auth_only=yes logins=" AND ('%s' = 'smtp' OR '%{secured}' = 'TLS')" ;;
    *) fail "HIKYAKU_PLAINTEXT_LOGIN must be allow or refuse" ;;
esac

max_lag=${HIKYAKU_MAX_LAG_MINUTES:-60}
# Below ten minutes a restart of everything else would keep people from sending.
[[ $max_lag =~ ^[1-9][0-9]{0,5}$ ]] && ((max_lag > 10)) || fail "HIKYAKU_MAX_LAG_MINUTES must be a number above 10"

make_folders() {
    install -d -m 755 "$HIKYAKU_HOME/logs" "$node/dovecot" "$node/postfix" "$node/rspamd"
    # Setgid: what the agent makes in it gets the group; others only pass through.
    install -d -o root -g postfix -m 2751 "$node"
    chgrp root "$node"/{dovecot,postfix,rspamd}
    chmod g-s "$node"/{dovecot,postfix,rspamd}
    install -d -o 5000 -g 5000 -m 700 "$node/vmail"
    install -d -o root -g root -m 755 "$node/run" "$node/run/dovecot" "$node/run/dovecot-state" "$node/run/postfix-queue"
    install -d -o postfix -g root -m 700 "$node/run/postfix-data"
    install -d -o _rspamd -g _rspamd -m 700 "$node/run/rspamd"
    chmod g-s "$node"/{vmail,run} "$node"/run/*
}

# The key of the proofs by which passwords typed before are known (sql.conf, docs/decisions/0012): made anew at every start
# of the machine. Whoever else writes into /dev/shm has not made a folder of root's.
make_login_key() {
    memory=$(readlink "$node/dovecot/memory" || true)
    if [[ ! -d $memory || -L $memory || ! -O $memory ]]; then
        memory=$(mktemp -d "${HIKYAKU_MEMORY:-/dev/shm}/hikyaku.XXXXXXXX")
        ln -sfn "$memory" "$node/dovecot/memory"
    fi
    [[ -s $memory/login.key ]] || (umask 077 && openssl rand -hex 32 >"$memory/login.key")
    values[LOGIN_KEY]=$(<"$memory/login.key")
}

# render TEMPLATE TARGET MODE: fills in every @NAME@; the file appears whole or not at all.
render() {
    local name text
    text=$(<"$1")
    for name in "${!values[@]}"; do
        text=${text//"@$name@"/"${values[$name]}"}
    done
    [[ ! $text =~ @([A-Z_]{3,})@ ]] || fail "$1 asks for ${BASH_REMATCH[1]}, which is not known"
    (umask 077 && printf '%s\n' "$text" >"$2.new")
    chmod "$3" "$2.new"
    mv "$2.new" "$2"
}

declare -A values=(
    [HOME]=$HIKYAKU_HOME
    [NODE]=$node
    [HOST]=${HIKYAKU_MAIL_HOST:-mail.hikyaku.localhost}
    [SSL]=$dovecot_ssl
    [LOGINS]=$logins
    [LOG]=mail${folder#mailnode}.log
    [NODE_NETWORKS]=${HIKYAKU_NODE_NETWORKS:-}
    [TLS_AUTH_ONLY]=$tls_auth_only
    [MAX_LAG_MINUTES]=$max_lag
    [RELAYHOST]=${PORT_OUTBOX_SMTP:+"[127.0.0.1]:$PORT_OUTBOX_SMTP"}
)
for name in SMTP SUBMISSION SUBMISSIONS REINJECT IMAP IMAPS POP3 POP3S LMTP SASL QUOTA DOVEADM MAILNODE CAPACITY MILTER; do
    port=PORT_$name
    [[ ${!port:-} =~ ^[0-9]+$ ]] || fail "$port must be a port number"
    values[$port]=${!port}
done

make_folders
make_login_key
render "$templates/dovecot/dovecot.conf" "$node/dovecot/dovecot.conf" 644
render "$templates/dovecot/sql.conf" "$memory/sql.conf" 600
ln -sfn "$memory/sql.conf" "$node/dovecot/sql.conf"
for file in rspamd.conf senders.lua; do
    render "$templates/rspamd/$file" "$node/rspamd/$file" 644
done
for file in main.cf master.cf domains.cf mailboxes.cf senders.cf sessions.cf lag.cf transports.cf capacity.cf; do
    render "$templates/postfix/$file" "$node/postfix/$file" 644
done
