<?php

/**
 * What the platform's webmail has beside Roundcube's own: the client's address for Dovecot (RST-3), the address as the platform spells it
 * (ACC-15), the end of sessions whose password has changed (ACC-7), Dovecot's own words to who is locked out (RST-7), the list by
 * importance (WEB-1), the way to the control panel, and the platform's colours.
 */
class hikyaku extends rcube_plugin
{
    /** Dovecot's answer to a wrong password (mailnode/config/dovecot/refused.conf). */
    private const WRONG_PASSWORD = 'The address or the password is not right';

    private bool $session_ended = false;

    public function init()
    {
        $this->add_texts('localization/');
        $this->add_hook('startup', [$this, 'startup']);
        $this->add_hook('unauthenticated', [$this, 'unauthenticated']);
        $this->add_hook('authenticate', [$this, 'authenticate']);
        $this->add_hook('login_failed', [$this, 'login_failed']);
        $this->add_hook('storage_init', [$this, 'storage_init']);
        $this->add_hook('storage_connect', [$this, 'storage_connect']);
        $this->add_hook('render_mailboxlist', [$this, 'render_mailboxlist']);
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
        // While the server does not answer, nobody's session ends.
        if (!$rcmail->storage_connect() && $rcmail->get_storage()->conn->refusal !== null) {
            $rcmail->kill_session();
            $this->session_ended = true;
            $args['task'] = 'login';
            $args['action'] = '';
        }

        return $args;
    }

    /** What the page says on which a session has ended. */
    public function unauthenticated($args)
    {
        if ($this->session_ended) {
            rcmail::get_instance()->output->show_message('hikyaku.sessionrefused', 'error', null, true, -1);
        }

        return $args;
    }

    /** The login name as the platform writes it: lower case, the domain in A-labels, whatever width it was typed in. */
    public function authenticate($args)
    {
        $args['user'] = self::spelled($args['user']);

        return $args;
    }

    /** Why a login was refused: that the password is wrong in the reader's language, anything else in the server's words (RST-7). */
    public function login_failed($args)
    {
        $rcmail = rcmail::get_instance();
        $refusal = $rcmail->get_storage()->conn->refusal;
        if ($refusal !== null) {
            $message = $refusal == self::WRONG_PASSWORD ? 'hikyaku.wrongpassword' : rcube::Q($refusal);
            $rcmail->output->show_message($message, 'warning', null, true, -1);
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

    /** The archive's name in the reader's language, as the other folders have theirs. */
    public function render_mailboxlist($args)
    {
        foreach ($args['list'] as $key => $folder) {
            if ($folder['id'] == 'Archive') {
                $args['list'][$key]['name'] = $this->gettext('archive');
                $args['list'][$key]['class'] = 'archive';
            }
        }

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
