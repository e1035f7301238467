using Hikyaku.Platform;
using JasperFx.Events;
using Marten;
using Marten.Events.Projections;
using Weasel.Postgresql.Tables;

namespace Hikyaku.Restrictions.Accounts;

/// <summary>All restrictions, one row each, those that have ended too; written in the transaction that changes an account's standing.</summary>
public sealed class RestrictionTable : EventProjection
{
    /// <summary>For the verbs.</summary>
    public static readonly ReadModel ReadModel = new("restriction", ["account_id", "reference"], []);

    /// <summary>Reads the events of accounts and no others.</summary>
    public RestrictionTable()
    {
        foreach (var type in AccountStanding.Events) IncludeType(type);
    }

    /// <summary>The table, beside Marten's own.</summary>
    public static Table Table()
    {
        var table = new Table("restriction");
        table.AddColumn<string>("account_id").AsPrimaryKey();
        table.AddColumn<string>("reference").AsPrimaryKey();
        table.AddColumn<string>("address").NotNull();
        table.AddColumn<string>("domain").NotNull();
        table.AddColumn<string>("kind").NotNull();
        table.AddColumn<string>("rule").NotNull();
        table.AddColumn<DateTimeOffset>("since").NotNull();
        table.AddColumn<DateTimeOffset>("until");
        table.AddColumn<DateTimeOffset>("ended_at");
        table.AddColumn<string>("ended_by");
        table.Indexes.Add(new IndexDefinition("restriction_ends") { Columns = ["until"], Predicate = "ended_at is null" });
        table.Indexes.Add(new IndexDefinition("restriction_since") { Columns = ["since", "reference"] });
        return table;
    }

    /// <inheritdoc/>
    public override ValueTask ApplyAsync(IDocumentOperations operations, IEvent e, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(operations);
        ArgumentNullException.ThrowIfNull(e);
        switch (e.Data)
        {
            case AccountRestricted r:
                operations.QueueSqlCommand(
                    """
                    insert into restriction (account_id, reference, address, domain, kind, rule, since, until) values (?, ?, ?, ?, ?, ?, ?, ?)
                    on conflict (account_id, reference) do update set rule = excluded.rule, until = excluded.until
                    """, e.StreamKey!, r.Reference, r.Address ?? "", r.Domain, r.Kind, r.Rule, r.At, (object?)r.Until ?? DBNull.Value);
                break;
            case RestrictionLifted l:
                operations.QueueSqlCommand(
                    "update restriction set ended_at = ?, ended_by = ? where account_id = ? and reference = any(?)", l.At, l.Cause, e.StreamKey!, l.References.ToArray());
                break;
            case StandingErased:
                operations.QueueSqlCommand("delete from restriction where account_id = ?", e.StreamKey!);
                break;
        }

        return ValueTask.CompletedTask;
    }
}
