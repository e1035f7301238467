<?php

/** Makes Roundcube's tables, or brings them to the version that is installed. WEBMAIL_ROOT is Roundcube's folder. */

define('INSTALL_PATH', getenv('WEBMAIL_ROOT') . '/');
require INSTALL_PATH . 'program/include/clisetup.php';

// Of the newest version when they are made.
if (!in_array('users', (array) rcmail_utils::db()->list_tables())) {
    rcmail_utils::db_init(INSTALL_PATH . 'SQL');
} else {
    rcmail_utils::db_update(INSTALL_PATH . 'SQL', 'roundcube', null, ['errors' => true]);
}
