<?php

/**
 * What the platform's webmail has beside Roundcube's own: the client's address for Dovecot (RST-3), the address as the platform spells it
 * (ACC-15), the end of sessions whose password has changed (ACC-7), Dovecot's own words to who is locked out (RST-7), the list by
 * importance (WEB-1), the way to the control panel, and the platform's colours.
 */
class hikyaku extends rcube_plugin
{
    public function init()
    {
        $this->add_texts('localization/');
        $this->add_hook('startup', [$this, 'startup']);
        $this->add_hook('authenticate', [$this, 'authenticate']);
        $this->add_hook('login_failed', [$this, 'login_failed']);
        $this->add_hook('storage_init', [$this, 'storage_init']);
        $this->add_hook('storage_connect', [$this, 'storage_connect']);
        $this->add_hook('settings_actions', [$this, 'settings_actions']);
        $this->add_hook('render_page', [$this, 'render_page']);
        $this->include_stylesheet('hikyaku.css');
    }

    /**
     * A session goes on only as long as its password is right: Roundcube would show an error, and pages that need no mail (contacts,
     * settings) would go on being served.
     */
    public function startup($args)
    {
        $rcmail = rcmail::get_instance();
        if (empty($_SESSION['user_id']) || in_array($args['task'], ['login', 'logout'])) {
            return $args;
        }
        if (!$rcmail->storage_connect() && $this->is_refused($rcmail->get_storage())) {
            $rcmail->kill_session();
            // What the first page of a new session says; a part of a page only tells the browser to load it.
            $rcmail->output->show_message('hikyaku.sessionrefused', 'error', null, true, -1);
            $args['task'] = 'login';
            $args['action'] = '';
        }

        return $args;
    }

    /** The login name as the platform writes it: lower case, the domain in A-labels, whatever width it was typed in. */
    public function authenticate($args)
    {
        $args['user'] = self::spelled($args['user']);

        return $args;
    }

    /** Whoever is locked out is told what Dovecot says, which tells nothing of the account unless the password was right. */
    public function login_failed($args)
    {
        $rcmail = rcmail::get_instance();
        $storage = $rcmail->get_storage();
        if ($args['code'] == rcmail::ERROR_STORAGE && $this->is_refused($storage, ['AUTHORIZATIONFAILED', 'CONTACTADMIN', 'LIMIT', 'EXPIRED', 'UNAVAILABLE'])) {
            $rcmail->output->show_message(rcube::Q(self::text_of($storage->get_error_str())), 'warning', null, true, -1);
        }

        return $args;
    }

    public function storage_init($args)
    {
        require_once __DIR__ . '/hikyaku_imap.php';
        rcmail::get_instance()->storage->conn = new hikyaku_imap();

        return $args;
    }

    /** Dovecot takes webmail's word for who the client is (login_trusted_networks). */
    public function storage_connect($args)
    {
        $args['preauth_ident'] = ['name' => 'Hikyaku Webmail', 'x-originating-ip' => rcube_utils::remote_addr()];

        return $args;
    }

    /** Password and forwarding are the control panel's. */
    public function settings_actions($args)
    {
        $panel = rtrim(rcmail::get_instance()->config->get('hikyaku_panel', ''), '/');
        if ($panel !== '') {
            foreach (['password', 'forwarding'] as $what) {
                $args['actions'][] = [
                    'action' => "hikyaku-$what", 'class' => "hikyaku-$what", 'label' => $what, 'title' => "{$what}title", 'domain' => 'hikyaku',
                    'href' => "$panel/mail", 'target' => '_blank', 'rel' => 'noopener',
                ];
            }
        }

        return $args;
    }

    public function render_page($args)
    {
        $rcmail = rcmail::get_instance();
        if ($args['template'] == 'mail') {
            $this->include_script('sort_by_importance.js');
            $rcmail->output->add_label('hikyaku.importance');
        }
        // nginx lets this page fetch pictures from elsewhere (nginx.conf).
        if (!empty($rcmail->output->get_env('safemode'))) {
            header('X-Remote-Pictures: allowed');
        }

        return $args;
    }

    /** Whether the server answered a login with no, for one of some reasons. While it does not answer, nobody's session ends. */
    private function is_refused($storage, array $codes = ['AUTHENTICATIONFAILED', 'AUTHORIZATIONFAILED'])
    {
        return in_array($storage->conn->resultcode, $codes);
    }

    /** The server's words without the command that they answer. */
    private static function text_of($error)
    {
        return trim(preg_replace(['/^.*?(AUTHENTICATE|LOGIN)( [A-Z0-9-]+)?: */', '/\[[^]]*\] */'], '', $error));
    }

    private static function spelled($user)
    {
        $user = mb_strtolower(trim(Normalizer::normalize($user, Normalizer::FORM_KC) ?: $user));
        $at = strrpos($user, '@');
        if ($at === false) {
            return $user;
        }
        $domain = idn_to_ascii(substr($user, $at + 1), IDNA_NONTRANSITIONAL_TO_ASCII, INTL_IDNA_VARIANT_UTS46);

        return substr($user, 0, $at + 1) . ($domain ?: substr($user, $at + 1));
    }
}
