#!/bin/bash
# Puts webmail together below $HIKYAKU_HOME/webmail: Debian's Roundcube by links, our settings and our plugin as copies, and the configuration
# of nginx and PHP. Running it again changes nothing that was made before.
#
# Environment:
#   HIKYAKU_HOME             absolute path; nginx and PHP run as www-data, who must be able to pass through it
#   PORT_WEBMAIL             where nginx listens
#   HIKYAKU_LISTEN           optional, default 127.0.0.1: on which address
#   HIKYAKU_TRUSTED_PROXIES  optional: addresses and networks of proxies whose word on the client's address is believed, with commas
set -euo pipefail
sources=$(cd "$(dirname "$0")/.." && pwd)
webmail=$HIKYAKU_HOME/webmail root=$HIKYAKU_HOME/webmail/root

fail() { echo "render.sh: $*" >&2; exit 1; }

[[ $HIKYAKU_HOME =~ ^/[A-Za-z0-9/._-]+$ ]] || fail "HIKYAKU_HOME must be an absolute path of letters, digits and / . _ -"
[[ ${PORT_WEBMAIL:-} =~ ^[0-9]+$ ]] || fail "PORT_WEBMAIL must be a port number"
[[ ${HIKYAKU_LISTEN:-127.0.0.1} =~ ^[0-9]+([.][0-9]+){3}$ ]] || fail "HIKYAKU_LISTEN must be an IPv4 address, like 0.0.0.0"
IFS=, read -ra proxies <<<"${HIKYAKU_TRUSTED_PROXIES:-}"
for proxy in "${proxies[@]}"; do
    [[ $proxy =~ ^[0-9a-fA-F.:]+(/[0-9]+)?$ ]] || fail "HIKYAKU_TRUSTED_PROXIES: $proxy is no address or network"
done

# Roundcube takes the folder above its public one for its own, so that nothing of Debian's instance is used but the programs.
make_root() {
    install -d -m 755 "$webmail" "$webmail/run" "$root" "$root"/{config,plugins,skins,logs,public_html,public_html/program}
    install -d -o www-data -g www-data -m 700 "$root/temp"
    local name
    for name in index.php program SQL; do ln -sfn "/usr/share/roundcube/$name" "$root/$name"; done
    for name in js resources; do ln -sfn "/usr/share/roundcube/program/$name" "$root/public_html/program/$name"; done
    for name in plugins skins; do ln -sfn "../$name" "$root/public_html/$name"; done
    for name in filesystem_attachments jqueryui; do ln -sfn "/usr/share/roundcube/plugins/$name" "$root/plugins/$name"; done
    ln -sfn /usr/share/roundcube/skins/elastic "$root/skins/elastic"
    for name in defaults.inc.php mimetypes.php; do ln -sfn "/etc/roundcube/$name" "$root/config/$name"; done
    install -m 644 /var/lib/roundcube/public_html/index.php "$root/public_html/index.php"
}

copy_own() {
    install -m 644 "$sources/config/config.inc.php" "$root/config/config.inc.php"
    install -m 644 "$sources"/config/{ready,schema,clean}.php "$root/"
    rm -rf "$root/plugins/hikyaku.new"
    cp -r "$sources/plugins/hikyaku" "$root/plugins/hikyaku.new"
    chmod -R u=rwX,go=rX "$root/plugins/hikyaku.new"
    rm -rf "$root/plugins/hikyaku"
    mv "$root/plugins/hikyaku.new" "$root/plugins/hikyaku"
}

render() {
    local text
    text=$(<"$sources/config/nginx.conf")
    text=${text//@HOME@/"$webmail"}
    text=${text//@LISTEN@/"${HIKYAKU_LISTEN:-127.0.0.1}:$PORT_WEBMAIL"}
    text=${text//@TRUSTED_PROXIES@/"$(printf '    set_real_ip_from %s;\n' "${proxies[@]}")"}
    text=${text//@PROXIES_OF_GEO@/"$(printf '        %s 1;\n' "${proxies[@]}")"}
    printf '%s\n' "$text" >"$webmail/nginx.conf.new"
    mv "$webmail/nginx.conf.new" "$webmail/nginx.conf"
    install -m 644 "$sources/config/php-fpm.conf" "$webmail/php-fpm.conf"
}

make_root
copy_own
# printf would write a line for no proxy.
((${#proxies[@]})) || proxies=(127.255.255.255)
render
# The servers' own certificate, which www-data may not read where it is.
[[ ! -s $HIKYAKU_HOME/secrets/cert.pem ]] || install -m 644 "$HIKYAKU_HOME/secrets/cert.pem" "$webmail/servers.pem"
