using Hikyaku.Accounts.Storage;
using Hikyaku.Platform;

namespace Hikyaku.Accounts.Verifying;

/// <summary>The verbs <c>verify</c> and <c>rebuild</c> of the accounts service: its own tables, and what is asked of them.</summary>
public static class AccountsVerbs
{
    private const string Model = StreamChecks.ReadModel;

    private static readonly Question[] Questions =
    [
        new(Model, "select account_id from mail_account_list l where not exists (select 1 from mt_streams s where s.id = l.account_id)", "it is in the list of accounts and has no history"),
        new(Model, "select account_id from mail_account_list where search <> lower(address || E'\n' || coalesce(comment, ''))", "searches do not find it by its address and comment"),
        new(Model, "select distinct owner from mt_doc_credential c where not exists (select 1 from mt_streams s where s.id = c.owner)", "it has credentials and no history"),
        new(Model,
            """
            select coalesce(m.id, f.id) from mt_doc_staff_member m full join mt_doc_second_factor f on f.id = m.id
            where coalesce((m.data ->> 'HasSecondFactor')::boolean, false) <> (f.data ->> 'Sealed' is not null)
            """,
            "its second factor is on without a secret, or off with one"),
        new(Model,
            """
            select l.address from mail_account_list l left join mt_doc_address_reservation r on r.id = l.address
            where r.id is null or r.data ->> 'AccountId' is distinct from l.account_id or (r.data ->> 'Life')::int is distinct from l.life
            """,
            "the address is not reserved for the account that has it"),
        new(Model,
            """
            select r.id from mt_doc_address_reservation r
            where coalesce(r.data ->> 'AccountId', '') <> ''
                and not exists (select 1 from bulk_job b where b.id = r.data ->> 'ReservedBy')
                and not exists (select 1 from mail_account_list l where l.account_id = r.data ->> 'AccountId' and l.address = r.id)
                and not exists (select 1 from mt_events e where e.stream_id = r.data ->> 'AccountId' and e.type = 'accounts.mail-account-deleted.v1')
            """,
            "the address is reserved for an account that does not have it"),
        new(Model,
            """
            select coalesce(m.domain, l.domain) from node_mailboxes m
            full join (select home_node, domain, count(*) as accounts from mail_account_list where home_node is not null group by home_node, domain) l
                on l.home_node = m.node and l.domain = m.domain
            where coalesce(m.accounts, 0) <> coalesce(l.accounts, 0)
            """,
            "node_mailboxes counts other mailboxes on a node than the list of accounts has"),
    ];

    /// <summary>All that the platform needs for them.</summary>
    public static readonly ServiceVerbs All = new(Program.Service, AccountsStore.Configure)
    {
        ReadModels =
        [
            new("mail_account_list", ["account_id"], ["used_bytes", "used_at", "measured_for", "forwarding", "autoreply", "reception", "routing_version", "tag_subject", "sort_to_junk", "spam_version", "restrictions", "restrictions_version"]),
            new("node_mailboxes", ["node", "domain"], []),
            JobTable.ReadModel with { Kept = [.. JobTable.ReadModel.Kept, "bytes", "skipped"] },
        ],
        // A user's job names the user's account as who began it. When the account is deleted that is emptied, and no event of the job tells it.
        AfterReplay =
            $"""
            update {RebuildReadModels.Schema}.job j set started_by = '' where started_by = account_id
                and not exists (select 1 from {RebuildReadModels.Schema}.mail_account_list l where l.account_id = j.account_id)
            """,
        Checks = () => new AccountChecks(),
        Questions = Questions,
    };
}
