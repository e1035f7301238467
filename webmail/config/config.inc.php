<?php

/**
 * Roundcube's settings on the platform. What differs between installations comes from the environment (deploy/local/settings.sh);
 * what is not here is Roundcube's default.
 *
 *   WEBMAIL_ROOT         the folder that holds this one, and temp/
 *   WEBMAIL_DATABASE     pgsql://ROLE:PASSWORD@HOST:PORT/DATABASE
 *   WEBMAIL_KEY          64 hexadecimal digits: the key by which the passwords of sessions are encrypted
 *   WEBMAIL_IMAP         ssl://HOST:PORT of Dovecot
 *   WEBMAIL_SMTP         ssl://HOST:PORT of Postfix's submission
 *   WEBMAIL_CERTIFICATE  optional: the certificate that both must have; else the system's authorities judge
 *   WEBMAIL_SOURCE       optional: the address to connect from, which Dovecot and Postfix trust to tell clients' addresses
 *   WEBMAIL_PANEL        optional: the control panel's address, where people change their password and forwarding
 */

$webmail_tls = array_filter(['cafile' => getenv('WEBMAIL_CERTIFICATE') ?: null]) + ['verify_peer' => true, 'verify_peer_name' => true];
$webmail_connection = ['ssl' => $webmail_tls];
if (getenv('WEBMAIL_SOURCE')) {
    $webmail_connection['socket'] = ['bindto' => getenv('WEBMAIL_SOURCE') . ':0'];
}

$config = [];
$config['plugins'] = ['hikyaku'];
$config['product_name'] = 'Hikyaku';
$config['skin_logo'] = ['*' => 'plugins/hikyaku/logo.svg', '[favicon]' => 'plugins/hikyaku/icon.svg'];
$config['display_product_info'] = 0;
$config['support_url'] = '';
$config['enable_installer'] = false;
$config['hikyaku_panel'] = getenv('WEBMAIL_PANEL') ?: '';

// ---- Servers. A login is IMAP's: Dovecot alone judges passwords, and how often they may be wrong (RST-3).
$config['db_dsnw'] = getenv('WEBMAIL_DATABASE');
$config['imap_host'] = getenv('WEBMAIL_IMAP');
$config['imap_conn_options'] = $webmail_connection;
$config['imap_timeout'] = 60;
$config['smtp_host'] = getenv('WEBMAIL_SMTP');
$config['smtp_conn_options'] = $webmail_connection;
$config['smtp_timeout'] = 60;
// So that the platform judges a submission by the address of whoever wrote it (RST-3).
$config['smtp_xclient_addr'] = true;
$config['login_rate_limit'] = 0;
$config['log_driver'] = 'stdout';
// Who logged in and who sent what is among the platform's facts, with a retention (OPS-7).
$config['smtp_log'] = false;

// ---- Sessions. The cookie is marked Secure where the browser's own connection is TLS (nginx.conf).
$config['des_key'] = hex2bin(getenv('WEBMAIL_KEY') ?: '');
// Not GCM: Roundcube 1.6 cannot read what it wrote when the tag has a line feed in it, which one session in 16 would meet.
$config['cipher_method'] = 'AES-256-CBC';
$config['session_lifetime'] = 30;
$config['session_samesite'] = 'Lax';
$config['login_autocomplete'] = 2;
$config['login_username_maxlen'] = 320;
$config['login_password_maxlen'] = 128;
// Pages are told to the browser by nginx; behind a proxy nginx knows who the client is, and X-Forwarded-For is not looked at here.
$config['proxy_whitelist'] = [];

// ---- Mail
$config['drafts_mbox'] = 'Drafts';
$config['sent_mbox'] = 'Sent';
$config['junk_mbox'] = 'Junk';
$config['trash_mbox'] = 'Trash';
$config['create_default_folders'] = false; // Dovecot has made them
// A message has 100 MB as transferred (NOD-4). Roundcube counts 1.33 bytes for each byte of an attachment; with line breaks base64
// takes 1.37, so this is lower by as much. php-fpm.conf has the limit of a single file that people are told.
$config['max_message_size'] = '97M';
$config['max_recipients'] = 0;
// One identity, whose address stays the account's (NOD-6); name and signature are the user's.
$config['identities_level'] = 3;
$config['show_images'] = 0;
$config['message_sort_col'] = 'date';
$config['message_sort_order'] = 'DESC';
$config['draft_autosave'] = 60;
$config['mime_param_folding'] = 0;
// Off until users turn it on in their settings.
$config['logout_purge'] = false;
$config['keyservers'] = [];
$config['useragent'] = 'Hikyaku Webmail';

// ---- Files
$config['temp_dir'] = getenv('WEBMAIL_ROOT') . '/temp/';
// What is left of a message that was never sent.
$config['temp_dir_ttl'] = '12h';
