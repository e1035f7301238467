<?php

/** Whether Roundcube can serve: its database answers, and its tables are there (rcmail_utils::db_update). */

$dsn = parse_url(getenv('WEBMAIL_DATABASE'));
try {
    $database = new PDO("pgsql:host={$dsn['host']};port={$dsn['port']};dbname=" . ltrim($dsn['path'], '/'), $dsn['user'], $dsn['pass'], [PDO::ATTR_TIMEOUT => 2]);
    $database->query("SELECT value FROM system WHERE name = 'roundcube-version'")->fetchColumn() ?: throw new RuntimeException('no version');
    echo "ready\n";
} catch (Exception $e) {
    error_log('Not ready: ' . get_class($e));
    http_response_code(503);
}
