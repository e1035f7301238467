using Npgsql;

namespace Hikyaku.Verify;

/// <summary>Rows that belong to no stream, and tables that contradict each other: reservations and addresses, counts of mailboxes, jobs.</summary>
internal static class Strays
{
    private static readonly (string Where, string Sql, string What)[] Questions =
    [
        ("history", "select distinct stream_id from mt_events e where not exists (select 1 from mt_streams s where s.id = e.stream_id)", "it has events and is no stream"),
        ("read model", "select account_id from mail_account_list l where not exists (select 1 from mt_streams s where s.id = l.account_id)", "it is in the list of accounts and has no history"),
        ("read model", "select account_id from mail_account_list where search <> lower(address || E'\n' || coalesce(comment, ''))", "searches do not find it by its address and comment"),
        ("read model", "select distinct owner from mt_doc_credential c where not exists (select 1 from mt_streams s where s.id = c.owner)", "it has credentials and no history"),
        ("read model",
            """
            select l.address from mail_account_list l left join mt_doc_address_reservation r on r.id = l.address
            where r.id is null or r.data ->> 'AccountId' is distinct from l.account_id or (r.data ->> 'Life')::int is distinct from l.life
            """,
            "the address is not reserved for the account that has it"),
        ("read model",
            """
            select r.id from mt_doc_address_reservation r
            where coalesce(r.data ->> 'AccountId', '') <> ''
                and not exists (select 1 from bulk_job b where b.id = r.data ->> 'ReservedBy')
                and not exists (select 1 from mail_account_list l where l.account_id = r.data ->> 'AccountId' and l.address = r.id)
                and not exists (select 1 from mt_events e where e.stream_id = r.data ->> 'AccountId' and e.type = 'accounts.mail-account-deleted.v1')
            """,
            "the address is reserved for an account that does not have it"),
        ("read model",
            """
            select coalesce(m.domain, l.domain) from node_mailboxes m
            full join (select home_node, domain, count(*) as accounts from mail_account_list where home_node is not null group by home_node, domain) l
                on l.home_node = m.node and l.domain = m.domain
            where coalesce(m.accounts, 0) <> coalesce(l.accounts, 0)
            """,
            "node_mailboxes counts other mailboxes on a node than the list of accounts has"),
        ("read model", "select s.id from mt_doc_job s where not exists (select 1 from job j where j.id = s.id)", "it is not in the list of jobs"),
        ("read model", "select id from job j where not exists (select 1 from mt_streams s where s.id = j.id)", "it is in the list of jobs and has no history"),
        (
            "read model",
            "select id from job j where (finished_at is not null) <> exists (select 1 from mt_events e where e.stream_id = j.id and e.type in ('accounts.job-succeeded.v1', 'accounts.job-failed.v1', 'accounts.job-cancelled.v1'))",
            "the list of jobs has another end of it than its history"),
        ("read model", "select j.id from job j join mt_doc_job s on s.id = j.id where (j.kind, j.state) is distinct from (s.data ->> 'Kind', s.data ->> 'State')", "its kind or state in the list of jobs is not what its history says"),
    ];

    public static async Task LookAsync(NpgsqlConnection snapshot, IReadOnlyList<StreamKind> kinds, Findings findings, CancellationToken stop)
    {
        var snapshots = kinds.Select(k => (
            "read model", $"select id from {k.Snapshots} d where not exists (select 1 from mt_streams s where s.id = d.id)", $"it has a snapshot in {k.Snapshots} and no history"));
        foreach (var (where, sql, what) in Questions.Concat(snapshots))
        {
#pragma warning disable CA2100 // all of them are above; the tables' names are the service's
            await using var command = new NpgsqlCommand($"{sql} limit {Findings.Most}", snapshot) { CommandTimeout = 0 };
#pragma warning restore CA2100
            await using var row = await command.ExecuteReaderAsync(stop);
            while (await row.ReadAsync(stop)) findings.Add(where, row.GetString(0), what);
        }
    }
}
