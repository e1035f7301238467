<?php

/**
 * Roundcube's IMAP connection that also sorts by importance, which IMAP's SORT (RFC 5256) does not know, and that remembers why a login was
 * refused.
 */
class hikyaku_imap extends rcube_imap_generic
{
    /** What the server said when it refused the last login; null when it let the user in, could not judge or did not answer. */
    public ?string $refusal = null;

    protected function authenticate($user, $pass, $type = 'PLAIN')
    {
        $result = parent::authenticate($user, $pass, $type);
        $refused = !is_resource($result) && $this->errornum == self::ERROR_NO && $this->resultcode != 'UNAVAILABLE';
        $this->refusal = $refused ? (string) $this->result : null;

        return $result;
    }

    /** By X-Priority, which has 1 for the most important and 5 for the least; ascending is from the least. Equals are in order of their dates. */
    public function sort($mailbox, $field = 'ARRIVAL', $criteria = '', $return_uid = false, $encoding = 'US-ASCII')
    {
        if (strtoupper($field) != 'PRIORITY') {
            return parent::sort($mailbox, $field, $criteria, $return_uid, $encoding);
        }
        $all = parent::sort($mailbox, 'DATE', $criteria, $return_uid, $encoding);
        if ($all->is_error() || $all->is_empty()) {
            return $all;
        }
        $levels = array_fill(1, 5, []);
        $rest = array_flip($all->get());
        foreach ([5, 4, 2, 1] as $level) {
            foreach (parent::search($mailbox, trim("$criteria HEADER X-Priority $level"), $return_uid)->get() as $id) {
                if (isset($rest[$id])) {
                    $levels[$level][$rest[$id]] = $id;
                    unset($rest[$id]);
                }
            }
            ksort($levels[$level]);
        }
        $levels[3] = array_keys($rest);

        return new rcube_result_index($mailbox, '* SORT ' . implode(' ', array_merge(...array_reverse($levels))));
    }
}
