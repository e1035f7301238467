<?php

/** Removes expired sessions and what is left of files that were attached to messages never sent. WEBMAIL_ROOT is Roundcube's folder. */

define('INSTALL_PATH', getenv('WEBMAIL_ROOT') . '/');
require INSTALL_PATH . 'program/include/clisetup.php';

$database = $rcmail->get_dbh();
$database->query('DELETE FROM ' . $database->table_name('session', true) . ' WHERE changed < ' . $database->now(-2 * 60 * $rcmail->config->get('session_lifetime')));
$rcmail->gc();
