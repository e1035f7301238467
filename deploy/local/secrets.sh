# Passwords, keys and certificates of this copy, each made once below $HIKYAKU_HOME/secrets.
# Sourced, never run. Nothing here may appear on a command line: other users could read it there.

make_secrets() {
    secrets=$HIKYAKU_HOME/secrets
    mkdir -p "$secrets"
    chmod 700 "$secrets"
    local name
    for name in $(databases | tr ' ' '\n' | sed 's/^/postgres-/') $(services_with broker events | sed 's/^/rabbit-/') \
        rabbit-mail1 rabbit-mail2 rabbit-management node-credential node-credential2 doveadm.key data.key webmail.key; do
        make_secret "$secrets/$name" random_hex
    done
    make_secret "$secrets/token.key" new_signing_key
    make_secret "$secrets/token.pub" openssl pkey -in "$secrets/token.key" -pubout
    make_secret "$secrets/key.pem" new_signing_key
    make_secret "$secrets/cert.pem" new_certificate
    make_secret "$HIKYAKU_HOME/operator-password" operator_password
}

# make_secret FILE COMMAND...: the file appears whole or not at all.
make_secret() {
    local file=$1
    shift
    [[ -s $file ]] && return
    (umask 077 && "$@" >"$file.new") || fail "$file could not be made."
    mv "$file.new" "$file"
}

random_hex() { printf %s "$(openssl rand -hex 32)"; }

new_signing_key() { openssl ecparam -name prime256v1 -genkey -noout | openssl pkcs8 -topk8 -nocrypt; }

new_certificate() {
    openssl req -x509 -new -key "$secrets/key.pem" -sha256 -days 3650 -subj /CN=localhost \
        -addext subjectAltName=DNS:localhost,IP:127.0.0.1 -addext extendedKeyUsage=serverAuth
}

# Random characters, drawn again until every class is there and no run of six digits is.
operator_password() {
    local password=${HIKYAKU_OPERATOR_PASSWORD:-}
    while [[ -z $password ]]; do
        password=$(openssl rand 512 | LC_ALL=C tr -dc 'a-zA-Z0-9+.:_*-' | head -c 20)
        [[ ${#password} == 20 && $password =~ [a-z] && $password =~ [A-Z] && $password =~ [0-9] &&
            $password =~ [-+.:_*] && ! $password =~ [0-9]{6} ]] || password=
    done
    printf %s "$password"
}
