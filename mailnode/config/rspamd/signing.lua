-- Signs what people submit (DKIM, RFC 6376) by the key of their domain, which is the one of `From` (senders.lua), and autoreplies. The agent keeps
-- a file for each domain that has a key: its selector in the first line, then the key. A domain without a file sends unsigned, and
-- so does everybody whose key is not usable: a receiver treats a missing signature better than a message that did not arrive.

local rspamd_logger = require 'rspamd_logger'

local keys = '@NODE@/signing/'

local function key_of(domain)
  local file = io.open(keys .. domain, 'r')
  if not file then return nil end
  local selector, key = file:read('*l'), file:read('*a')
  file:close()
  return selector, key
end

-- The domain whose key signs a message. Dovecot names a login address/life.version (dovecot/sql.conf). Without a login only Sieve
-- scripts send (postfix/master.cf, PORT_FORWARD): what they forward is others' mail, and says so.
local function signing_domain(task)
  local login = task:get_user()
  if login then return login:match('@([a-z0-9.-]+)/[^/]+$') end
  if tostring(task:get_request_header('MTA-Name') or '') ~= 'forward' then return nil end
  if not task:has_header('Auto-Submitted') or task:has_header('X-Sieve-Redirected-From') then return nil end
  local from = (task:get_from('mime') or {})[1]
  return from and from.domain and from.domain:lower():match('^[a-z0-9.-]+$')
end

rspamd_config:register_symbol({
  name = 'SIGNED',
  type = 'normal',
  callback = function(task)
    local domain = signing_domain(task)
    if not domain then return end
    local selector, key = key_of(domain)
    if not selector then return end
    if not rspamd_plugins.dkim.sign(task, { domain = domain, selector = selector, rawkey = key }) then
      rspamd_logger.errx(task, 'The key of %s is not usable', domain)
    end
  end,
})
