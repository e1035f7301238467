using System.Data.Common;

namespace Hikyaku.Feed.Webhooks;

/// <summary>
/// Where events are sent to, in the feed's order: one position for each, which moves when the receiver has taken an event, so
/// that it gets every event at least once and none before those that came earlier.
/// </summary>
/// <param name="Id">Its id.</param>
/// <param name="Url">Where to.</param>
/// <param name="Domain">Only events of this domain.</param>
/// <param name="Account">Only events of the account with this address or id.</param>
/// <param name="Types">Only events of these types.</param>
/// <param name="Description">What an operator noted.</param>
/// <param name="Secret">The sealed secret.</param>
/// <param name="FormerSecret">The sealed secret of before.</param>
/// <param name="FormerSecretUntil">Until when both sign.</param>
/// <param name="Position">Everything up to this position is delivered or was not asked for.</param>
/// <param name="Turn">Grows with every replay.</param>
/// <param name="Health">How the receiver does.</param>
/// <param name="Version">The version of what an operator sets.</param>
/// <param name="CreatedAt">When it was registered.</param>
public sealed record Webhook(
    Guid Id, string Url, string? Domain, string? Account, IReadOnlyList<string>? Types, string Description,
    byte[] Secret, byte[]? FormerSecret, DateTimeOffset? FormerSecretUntil,
    long Position, long Turn, WebhookHealth Health, long Version, DateTimeOffset CreatedAt)
{
    internal const string Columns = """
        id, url, domain, account, types, description, secret, former_secret, former_secret_until,
        position, turn, state, reason, since, failures, failing_since, not_before, version, created_at
        """;

    /// <summary>Which events it gets.</summary>
    public FeedFilter Filter => new(Domain is null ? null : [Domain], Account, Types);

    /// <summary>Reads a row of <see cref="Columns"/>.</summary>
    internal static Webhook Read(DbDataReader row) => new(
        row.GetGuid(0), row.GetString(1), Optional<string>(row, 2), Optional<string>(row, 3), Optional<string[]>(row, 4), row.GetString(5),
        row.GetFieldValue<byte[]>(6), Optional<byte[]>(row, 7), Time(row, 8),
        row.GetInt64(9), row.GetInt64(10),
        new(row.GetString(11), Optional<string>(row, 12), row.GetFieldValue<DateTimeOffset>(13), row.GetInt32(14), Time(row, 15), Time(row, 16)),
        row.GetInt64(17), row.GetFieldValue<DateTimeOffset>(18));

    private static T? Optional<T>(DbDataReader row, int column) where T : class => row.IsDBNull(column) ? null : row.GetFieldValue<T>(column);

    private static DateTimeOffset? Time(DbDataReader row, int column) => row.IsDBNull(column) ? null : row.GetFieldValue<DateTimeOffset>(column);
}
