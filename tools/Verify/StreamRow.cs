using Npgsql;

namespace Hikyaku.Verify;

/// <summary>An event as it is stored.</summary>
internal sealed record StoredEvent(long Version, string Type, string Json);

/// <summary>A stored credential, without its hash.</summary>
internal sealed record StoredCredential(string Id, bool IsHash);

/// <summary>A row of the list of accounts, without what is measured.</summary>
internal sealed record ListedAccount(
    string Domain, string Address, string? Comment, int CapacityMb, int Life, string? CredentialId, DateTimeOffset CreatedAt,
    string? HomeNode, bool PasswordForciblyChanged, string? MailDeletionJob, string? DeletionJob);

/// <summary>A stream, and everything in the database that follows from it, of one snapshot.</summary>
internal sealed record StreamRow(
    string Key, long Version, IReadOnlyList<StoredEvent> Events, IReadOnlyDictionary<StreamKind, string> Snapshots,
    IReadOnlyList<StoredCredential> Credentials, ListedAccount? Listed)
{
    /// <summary>Reads all of them, in any order.</summary>
    public static string Sql(IReadOnlyList<StreamKind> kinds)
    {
        var snapshots = string.Join(" union all ", kinds.Select((k, i) => $"select {i} as kind, data from {k.Snapshots} where id = s.id"));
        return
            $"""
            select s.id, s.version, e.versions, e.types, e.bodies, d.kinds, d.bodies, c.ids, c.hashes,
                l.domain, l.address, l.comment, l.capacity_mb, l.life, l.credential_id, l.created_at,
                l.home_node, l.password_forcibly_changed, l.mail_deletion_job, l.deletion_job
            from mt_streams s
            cross join lateral (
                select coalesce(array_agg(version order by version), '{"{}"}'), coalesce(array_agg(type::text order by version), '{"{}"}'),
                    coalesce(array_agg(data::text order by version), '{"{}"}')
                from mt_events where stream_id = s.id) e (versions, types, bodies)
            cross join lateral (
                select coalesce(array_agg(kind), '{"{}"}'), coalesce(array_agg(data::text), '{"{}"}') from ({snapshots}) each_kind) d (kinds, bodies)
            cross join lateral (
                select coalesce(array_agg(id::text), '{"{}"}'), coalesce(array_agg(coalesce(data ->> 'Hash', '') like '$argon2id$%'), '{"{}"}')
                from mt_doc_credential where owner = s.id) c (ids, hashes)
            left join mail_account_list l on l.account_id = s.id
            where s.id <> 'mt_tombstone' -- Marten's, for appends that broke off; nothing happened there
            """;
    }

    /// <summary>Reads one.</summary>
    public static StreamRow Read(NpgsqlDataReader row, IReadOnlyList<StreamKind> kinds)
    {
        var (versions, types, bodies) = (row.GetFieldValue<long[]>(2), row.GetFieldValue<string[]>(3), row.GetFieldValue<string[]>(4));
        var (of, snapshots) = (row.GetFieldValue<int[]>(5), row.GetFieldValue<string[]>(6));
        var (ids, hashes) = (row.GetFieldValue<string[]>(7), row.GetFieldValue<bool[]>(8));
        return new(
            row.GetString(0), row.GetInt64(1),
            [.. versions.Select((v, i) => new StoredEvent(v, types[i], bodies[i]))],
            of.Select((k, i) => (Kind: kinds[k], Json: snapshots[i])).ToDictionary(s => s.Kind, s => s.Json),
            [.. ids.Select((id, i) => new StoredCredential(id, hashes[i]))],
            row.IsDBNull(9) ? null : new(
                row.GetString(9), row.GetString(10), Text(11), row.GetInt32(12), row.GetInt32(13), Text(14), row.GetFieldValue<DateTimeOffset>(15),
                Text(16), row.GetBoolean(17), Text(18), Text(19)));

        string? Text(int column) => row.IsDBNull(column) ? null : row.GetString(column);
    }
}
