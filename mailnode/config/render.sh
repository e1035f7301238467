#!/bin/bash
# Writes the configuration of one mail node's Dovecot, Postfix and Rspamd from the templates beside this script and
# makes the folders that they need. Running it again changes nothing that was made before.
#
# Environment:
#   HIKYAKU_HOME             absolute path; everything goes below $HIKYAKU_HOME/$HIKYAKU_NODE_FOLDER and $HIKYAKU_HOME/logs.
#                            The servers run as users of their own, who must be able to pass through it.
#   PORT_SMTP PORT_SUBMISSION PORT_SUBMISSIONS PORT_REINJECT            Postfix
#   PORT_IMAP PORT_IMAPS PORT_POP3 PORT_POP3S PORT_LMTP PORT_SASL PORT_QUOTA PORT_DOVEADM    Dovecot
#   PORT_FORWARD             Postfix, for what Sieve scripts send
#   PORT_SRS PORT_SRS_BACK   postsrsd: senders of forwarded mail, and back
#   PORT_MILTER              Rspamd, which judges who sends
#   PORT_SCANNER PORT_LEARN  Rspamd, which judges what comes in; where it is taught
#   PORT_REDIS               Redis, which keeps what that Rspamd has learned
#   PORT_CLAMAV              ClamAV
#   PORT_CAPACITY            where the agent answers for the space of mailboxes on other nodes
#   PORT_POLICY              where the agent hears of submissions
#   PORT_MAILNODE            where the node's agent listens
#   PORT_OUTBOX_SMTP         optional: mail for other domains goes to this port instead of the internet
#   HIKYAKU_PLAINTEXT_LOGIN  allow (default) or refuse: login without TLS on the plain ports (rule NOD-1)
#   HIKYAKU_MAX_LAG_MINUTES  optional, default 60: submission stops when the replica was not known to be right for so long
#   HIKYAKU_AUTOREPLY_DAYS   optional, default 1: how many days a sender who has got an autoreply gets no other one (rule RTE-8)
#   HIKYAKU_MAIL_HOST        optional: the host name by which the servers greet
#   HIKYAKU_POSTMASTER       optional: who reads mail to postmaster, abuse and mailer-daemon of this host; an address on or off
#                            the platform. Without it such mail is refused
#   HIKYAKU_PLUS_ADDRESSES   allow (default) or refuse: mail to taro+anything@ goes to taro@
#   HIKYAKU_UNSCANNED        wait (default) or pass: what happens to incoming mail while Rspamd or ClamAV cannot judge it: it stays with
#                            its sender (451), or it is taken and marked `X-Virus-Status: unscanned`
#   HIKYAKU_SPAM_SCORE       optional, default 6: from this score on a message is judged spam
#   HIKYAKU_DNS              optional: address:port of the resolver that Rspamd asks; without it, and without updates, it asks nobody
#   HIKYAKU_UPDATES          on or off (default): whether Rspamd's maps and ClamAV's signatures are fetched from their makers, and
#                            names are asked of the machine's resolvers. Off: only the test signature (EICAR) is known
#   HIKYAKU_RULES_CACHE      optional: a folder for the compiled rules of Rspamd, which several nodes of one machine may share
#   HIKYAKU_LEARNING         on (default) or off: whether moving mail into Junk and out of it teaches Rspamd
#   HIKYAKU_MEMORY           optional: a folder in memory (tmpfs) for a key that no disk or backup may hold; /dev/shm
#   HIKYAKU_NODE_NETWORKS    optional: networks of the other nodes, which may say whose login they hand on
#   HIKYAKU_COPY_NETWORKS    optional, default 127.0.0.0/8,::1: from where the copy worker logs in (rule CPY-7), networks with commas
#   HIKYAKU_WEBMAIL_NETWORKS optional: networks that webmail connects from, which may say whose login it hands on and from where
#   HIKYAKU_LISTEN           optional, default 127.0.0.1: the IPv4 address of the ports of people and of other servers and nodes; 0.0.0.0: all
#   HIKYAKU_NODE_FOLDER      optional: mailnode (default), mailnode2, …: the folder of one of several nodes
# Reads $HIKYAKU_HOME/secrets/doveadm.key, which all nodes of a platform share. The servers read it and
# $HIKYAKU_HOME/secrets/{cert,key}.pem when they start.
#
# Everything else listens on 127.0.0.1. Who may read what: the replica is written by the agent and read by Postfix's
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

case ${HIKYAKU_PLUS_ADDRESSES:-allow} in
    allow) plus=+ ;;
    refuse) plus="" ;;
    *) fail "HIKYAKU_PLUS_ADDRESSES must be allow or refuse" ;;
esac

host=${HIKYAKU_MAIL_HOST:-mail.hikyaku.localhost}
postmaster=${HIKYAKU_POSTMASTER:-}
[[ -z $postmaster || ($postmaster =~ ^[A-Za-z0-9._+-]+@[A-Za-z0-9.-]+$ && ${postmaster#*@} != "$host") ]] ||
    fail "HIKYAKU_POSTMASTER must be a mail address of another domain than $host"

postmaster_action=DUNNO
[[ -n $postmaster ]] || postmaster_action="550 5.1.1 No mailbox of an operator is set up on this server"

max_lag=${HIKYAKU_MAX_LAG_MINUTES:-60}
# Below ten minutes a restart of everything else would keep people from sending.
[[ $max_lag =~ ^[1-9][0-9]{0,5}$ ]] && ((max_lag > 10)) || fail "HIKYAKU_MAX_LAG_MINUTES must be a number above 10"

autoreply_days=${HIKYAKU_AUTOREPLY_DAYS:-1}
[[ $autoreply_days =~ ^[1-9][0-9]?$ ]] && ((autoreply_days <= 60)) || fail "HIKYAKU_AUTOREPLY_DAYS must be a number from 1 to 60"

unscanned=${HIKYAKU_UNSCANNED:-wait}
case $unscanned in
    wait) unscanned_action=tempfail incoming_milters='$scanner' ;;
    pass) unscanned_action=accept incoming_milters='$signer $scanner' ;;
    *) fail "HIKYAKU_UNSCANNED must be wait or pass" ;;
esac
case ${HIKYAKU_LEARNING:-on} in
    on) learning=imap_sieve ;;
    off) learning="" ;;
    *) fail "HIKYAKU_LEARNING must be on or off" ;;
esac
spam_score=${HIKYAKU_SPAM_SCORE:-6}
[[ $spam_score =~ ^[0-9]{1,3}([.][0-9]{1,2})?$ ]] || fail "HIKYAKU_SPAM_SCORE must be a number like 6 or 7.5"
copy_networks=${HIKYAKU_COPY_NETWORKS:-127.0.0.0/8,::1}
[[ $copy_networks =~ ^[0-9a-fA-F.:/]+(,[0-9a-fA-F.:/]+)*$ ]] || fail "HIKYAKU_COPY_NETWORKS must be networks like 192.0.2.0/24,2001:db8::/64"
listen=${HIKYAKU_LISTEN:-127.0.0.1}
[[ $listen =~ ^[0-9]+([.][0-9]+){3}$ ]] || fail "HIKYAKU_LISTEN must be an IPv4 address, like 0.0.0.0"
resolver=${HIKYAKU_DNS:-127.0.0.1:1}
[[ $resolver =~ ^[0-9a-fA-F.:]+$ ]] || fail "HIKYAKU_DNS must be an address and a port, like 127.0.0.1:53"
case ${HIKYAKU_UPDATES:-off} in
    on) updates=true names=true resolvers=${HIKYAKU_DNS:+"nameserver = [\"$resolver\"];"} ;;
    off) updates=false names=$([[ -n ${HIKYAKU_DNS:-} ]] && echo true || echo false) resolvers="nameserver = [\"$resolver\"];" ;;
    *) fail "HIKYAKU_UPDATES must be on or off" ;;
esac

make_folders() {
    install -d -m 755 "$HIKYAKU_HOME/logs" "$node/dovecot" "$node/postfix" "$node/rspamd" "$node/scanner/local.d" "$node/clamav"
    # Setgid: what the agent makes in it gets the group; others only pass through.
    install -d -o root -g postfix -m 2751 "$node"
    chgrp root "$node"/{dovecot,postfix,rspamd,scanner,clamav}
    chmod g-s "$node"/{dovecot,postfix,rspamd,scanner,clamav}
    install -d -o 5000 -g 5000 -m 700 "$node/vmail"
    install -d -o root -g root -m 755 "$node/run" "$node/run/dovecot" "$node/run/dovecot-state" "$node/run/postfix-queue"
    install -d -o postfix -g root -m 700 "$node/run/postfix-data"
    # What the agent makes in it is the mail user's.
    install -d -o 5000 -g 5000 -m 700 "$node/run/previews"
    install -d -o _rspamd -g _rspamd -m 700 "$node/run/rspamd" "$node/run/scanner" "${HIKYAKU_RULES_CACHE:-$node/run/scanner}"
    install -d -o redis -g redis -m 700 "$node/scanner/learned"
    install -d -o clamav -g clamav -m 700 "$node/run/clamav" "$node/clamav/signatures"
    # Keys that sign mail: the agent writes them, and Rspamd's group may read what is made here.
    install -d -o root -g _rspamd -m 2750 "$node/signing"
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
    [HOST]=$host
    [LISTEN]=$listen
    # Postfix knows its own addresses by it.
    [INTERFACES]=$([[ $listen == 0.0.0.0 ]] && echo all || echo "$listen")
    [PLUS]=$plus
    [UNSCANNED]=$unscanned
    [UNSCANNED_ACTION]=$unscanned_action
    [INCOMING_MILTERS]=$incoming_milters
    [SPAM_SCORE]=$spam_score
    [RULES_CACHE]=${HIKYAKU_RULES_CACHE:-$node/run/scanner}
    [LEARNING_PLUGIN]=$learning
    [RESOLVERS]=$resolvers
    [SIGNATURES]=$node/clamav/signatures
    # A name that stands for itself is known, and refused by main.cf.
    [POSTMASTER]=${postmaster:-postmaster}
    [ABUSE]=${postmaster:-abuse}
    [MAILER_DAEMON]=${postmaster:-mailer-daemon}
    [POSTMASTER_ACTION]=$postmaster_action
    [SSL]=$dovecot_ssl
    [LOGINS]=$logins
    [HOST_PATTERN]=$(sed "s/[.]/[.]/g" <<<"$host")
    [AUTOREPLY_DAYS]=$autoreply_days
    [LOG]=mail${folder#mailnode}.log
    [COPY_NETWORKS]=$copy_networks
    [NODE_NETWORKS]=${HIKYAKU_NODE_NETWORKS:-}
    [WEBMAIL_NETWORKS]=${HIKYAKU_WEBMAIL_NETWORKS:-}
    [TLS_AUTH_ONLY]=$tls_auth_only
    [MAX_LAG_MINUTES]=$max_lag
    [RELAYHOST]=${PORT_OUTBOX_SMTP:+"[127.0.0.1]:$PORT_OUTBOX_SMTP"}
)
for name in SMTP SUBMISSION SUBMISSIONS REINJECT IMAP IMAPS POP3 POP3S LMTP SASL QUOTA DOVEADM MAILNODE CAPACITY POLICY MILTER SCANNER LEARN REDIS CLAMAV FORWARD SRS SRS_BACK; do
    port=PORT_$name
    [[ ${!port:-} =~ ^[0-9]+$ ]] || fail "$port must be a port number"
    values[$port]=${!port}
done

# The key of the digests of wrong passwords (refused.conf): the same at all nodes, so that a password that is tried at several of
# them counts once.
make_digest_key() {
    local key=$HIKYAKU_HOME/secrets/doveadm.key
    [[ -s $key ]] || fail "$key is missing or empty"
    values[DIGEST_KEY]=$({ printf 'digests of wrong passwords\0'; printf '%s' "$(<"$key")"; } | sha256sum | cut -d ' ' -f 1)
}

# The key by which addresses of forwarded mail are signed, so that nobody else can make one.
make_srs_key() {
    [[ -s $node/postfix/srs.key ]] || (umask 077 && openssl rand -base64 24 >"$node/postfix/srs.key")
}

# Whoever knows it may teach Rspamd; the agent does (docs/decisions/0040).
make_learn_password() {
    [[ -s $node/scanner/learn.password ]] || (umask 077 && openssl rand -hex 24 >"$node/scanner/learn.password")
    values[LEARN_PASSWORD]=$(<"$node/scanner/learn.password")
}

make_folders
make_login_key
make_digest_key
make_srs_key
make_learn_password
render "$templates/dovecot/dovecot.conf" "$node/dovecot/dovecot.conf" 644
render "$templates/dovecot/sql.conf" "$memory/sql.conf" 600
for file in sieve.conf preview.conf copy.conf; do
    render "$templates/dovecot/$file" "$node/dovecot/$file" 644
done
render "$templates/dovecot/refused.conf" "$node/dovecot/refused.conf" 600
ln -sfn "$memory/sql.conf" "$node/dovecot/sql.conf"
install -d -m 755 "$node/dovecot/filters" "$node/dovecot/pipes"
render "$templates/dovecot/filters/tag-subject" "$node/dovecot/filters/tag-subject" 755
render "$templates/dovecot/pipes/learn" "$node/dovecot/pipes/learn" 755
for script in virus learn-spam learn-ham; do
    render "$templates/dovecot/$script.sieve" "$node/dovecot/$script.sieve" 644
    # Dovecot could not keep what it compiles: mail processes may not write here. It says that we have no mail address ourselves.
    sievec -c "$node/dovecot/dovecot.conf" "$node/dovecot/$script.sieve" 2>"$node/dovecot/sievec.log" || fail "$script.sieve: $(<"$node/dovecot/sievec.log")"
done
for file in rspamd.conf senders.lua signing.lua long_fields.lua; do
    render "$templates/rspamd/$file" "$node/rspamd/$file" 644
done
for file in "$templates"/scanner/*.lua; do
    render "$file" "$node/scanner/${file##*/}" 644
done
for file in "$templates"/scanner/local.d/*; do
    render "$file" "$node/scanner/local.d/${file##*/}" 644
done
# Rules that ask names, and those that ask their makers' servers.
for module in arc asn dkim dmarc hfilter rbl spf surbl; do
    echo "enabled = $names;" >"$node/scanner/local.d/$module.conf"
done
for module in fuzzy_check rspamd_update; do
    echo "enabled = $updates;" >"$node/scanner/local.d/$module.conf"
done
render "$templates/redis/redis.conf" "$node/scanner/redis.conf" 600
# The password is in them.
chown root:_rspamd "$node"/scanner/local.d/{worker-controller.inc,classifier-bayes.conf}
chmod 640 "$node"/scanner/local.d/{worker-controller.inc,classifier-bayes.conf}
chown redis "$node/scanner/redis.conf"
rm -f "$node/clamav/freshclam.conf"
[[ $updates == false ]] || render "$templates/clamav/freshclam.conf" "$node/clamav/freshclam.conf" 644
render "$templates/clamav/clamd.conf" "$node/clamav/clamd.conf" 644
render "$templates/clamav/eicar.ndb" "$node/clamav/signatures/eicar.ndb" 644
for file in main.cf master.cf domains.cf mailboxes.cf senders.cf sessions.cf lag.cf restrictions.cf transports.cf capacity.cf forwards.cf spellings.cf srs.regexp; do
    render "$templates/postfix/$file" "$node/postfix/$file" 644
done
