using Npgsql;

namespace Hikyaku.Platform;

/// <summary>An event as it is stored.</summary>
internal sealed record StoredEvent(long Version, string Type, string Json);

/// <summary>A stream and its snapshots, of one snapshot of the database.</summary>
internal sealed record StreamRow(string Key, long Version, IReadOnlyList<StoredEvent> Events, IReadOnlyDictionary<IStreamKind, string> Snapshots)
{
    /// <summary>Reads all of them, in any order, with the columns of a service's checks.</summary>
    /// <param name="tables">The tables of snapshots, by kind.</param>
    /// <param name="checks">The service's.</param>
    public static string Sql(IReadOnlyList<string> tables, StreamChecks checks)
    {
        var snapshots = string.Join(" union all ", tables.Select((t, i) => $"select {i} as kind, data from {t} where id = s.id"));
        return
            $"""
            select s.id, s.version, e.versions, e.types, e.bodies, d.kinds, d.bodies{(checks.Columns.Length > 0 ? $", {checks.Columns}" : "")}
            from mt_streams s
            cross join lateral (
                select coalesce(array_agg(version order by version), '{"{}"}'), coalesce(array_agg(type::text order by version), '{"{}"}'),
                    coalesce(array_agg(data::text order by version), '{"{}"}')
                from mt_events where stream_id = s.id) e (versions, types, bodies)
            cross join lateral (
                select coalesce(array_agg(kind), '{"{}"}'), coalesce(array_agg(data::text), '{"{}"}') from ({snapshots}) each_kind) d (kinds, bodies)
            {checks.Joins}
            where s.id <> 'mt_tombstone' -- Marten's, for appends that broke off; nothing happened there
            """;
    }

    /// <summary>Reads one.</summary>
    public static StreamRow Read(NpgsqlDataReader row, IReadOnlyList<IStreamKind> kinds)
    {
        var (versions, types, bodies) = (row.GetFieldValue<long[]>(2), row.GetFieldValue<string[]>(3), row.GetFieldValue<string[]>(4));
        var (of, snapshots) = (row.GetFieldValue<int[]>(5), row.GetFieldValue<string[]>(6));
        return new(
            row.GetString(0), row.GetInt64(1), [.. versions.Select((v, i) => new StoredEvent(v, types[i], bodies[i]))],
            of.Select((k, i) => (Kind: kinds[k], Json: snapshots[i])).ToDictionary(s => s.Kind, s => s.Json));
    }
}
