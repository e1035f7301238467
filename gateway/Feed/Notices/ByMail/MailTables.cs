using Hikyaku.Platform;
using Npgsql;

namespace Hikyaku.Feed.Notices.ByMail;

/// <summary>Who wants notices by mail, and the mail that is to be sent.</summary>
public sealed class MailTables(NpgsqlDataSource database) : TablesAtStart(database, "feed", Tables)
{
    private const string Tables = """
        create table if not exists notice_mail_wish (
            reader text primary key,           -- a user's account id, or a login
            role text not null,
            domains text[] not null,           -- that an administrator had then; what has changed since is in recorded_event
            address text not null,
            language text not null);

        -- The queue. It names the notice, so that a notice that is taken down is not sent.
        create table if not exists notice_mail (
            notice_id uuid not null references notice on update cascade on delete cascade,
            reader text not null references notice_mail_wish on delete cascade,
            attempts int not null default 0,
            not_before timestamptz not null default now(),
            primary key (notice_id, reader));
        create index if not exists notice_mail_due on notice_mail (not_before);
        create index if not exists notice_mail_reader on notice_mail (reader);

        -- Whether somebody may read a notice and gets it by mail. What is told of an account to others than its user never goes to
        -- its own mailbox: whoever has abused the account may read that.
        create or replace function is_mailed(n notice, w notice_mail_wish) returns boolean stable language sql as $$
            select (n.address is distinct from w.address or n.account_id = w.reader)
                and (coalesce(n.started_by = w.reader, false)
                    or (n.for_owner and coalesce(n.account_id = w.reader, false))
                    or (n.for_operators and w.role = 'operator')
                    or (n.for_administrators and w.role = 'admin' and coalesce(
                        (select e.type = 'accounts.domain-administrator-appointed' from recorded_event e
                            where e.type in ('accounts.domain-administrator-appointed', 'accounts.domain-administrator-dismissed')
                                and e.data ->> 'login' = w.reader and e.domain = n.domain order by e.position desc limit 1),
                        n.domain = any(w.domains))))
        $$;
        """;
}
