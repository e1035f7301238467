using NpgsqlTypes;

namespace Hikyaku.Platform;

/// <summary>
/// A kind of facts that a service keeps (OPS-7): what was observed, which is no decision and so no event. They lie in a table of their own
/// with a partition for each day, and a day is dropped as a whole when it is older than <paramref name="RetentionDays"/>. Every kind
/// says what it is for; <c>docs/facts.md</c> lists all of them.
/// </summary>
/// <param name="Table">The table.</param>
/// <param name="Class">What they tell of: personal (of people and what they do) or technical.</param>
/// <param name="Purpose">What they are kept for, as a sentence.</param>
/// <param name="RetentionDays">How many days they are kept; the day on which they were observed counts as none.</param>
public abstract record FactKind(string Table, string Class, string Purpose, int RetentionDays)
{
    /// <summary>Statements that make the indexes, which may run again.</summary>
    public string Indexes { get; init; } = "";

    /// <summary>The column with the account that a fact is of; null: they are of no account. By it they are erased (OPS-6).</summary>
    public string? AccountColumn { get; init; }

    /// <summary>The columns' names and types, beside <c>at</c>, <c>node</c> and <c>id</c>.</summary>
    internal abstract IEnumerable<(string Name, string Type)> ColumnTypes { get; }

    /// <summary>Makes the table without a partition, and its indexes.</summary>
    internal string Schema =>
        $"""
        create table if not exists {Table} (
            at timestamptz not null, node text not null, id text not null, {string.Join(", ", ColumnTypes.Select(c => $"{c.Name} {c.Type}"))},
            primary key (at, node, id)) partition by range (at);
        {Indexes}
        """;
}

/// <summary>A kind of facts with what its rows are made of.</summary>
/// <typeparam name="T">The fact as it comes.</typeparam>
/// <param name="Table">The table.</param>
/// <param name="Class">personal or technical.</param>
/// <param name="Purpose">What they are kept for.</param>
/// <param name="RetentionDays">How many days.</param>
/// <param name="At">When it was observed.</param>
/// <param name="Id">Names it among those of its node: the same fact that comes again is known by it. <see cref="FactId"/> makes one of a message's id and a place in it.</param>
public sealed record FactKind<T>(string Table, string Class, string Purpose, int RetentionDays, Func<T, DateTimeOffset> At, Func<T, string> Id)
    : FactKind(Table, Class, Purpose, RetentionDays)
{
    /// <summary>The columns.</summary>
    public required IReadOnlyList<FactColumn<T>> Columns { get; init; }

    internal override IEnumerable<(string Name, string Type)> ColumnTypes => Columns.Select(c => (c.Name, c.Type));
}

/// <summary>A column of a table of facts.</summary>
/// <typeparam name="T">The fact.</typeparam>
/// <param name="Name">Its name.</param>
/// <param name="Type">PostgreSQL's type, with <c>not null</c> if so.</param>
/// <param name="Database">The same for the driver.</param>
/// <param name="Values">An array of the values of some facts.</param>
public sealed record FactColumn<T>(string Name, string Type, NpgsqlDbType Database, Func<IReadOnlyList<T>, Array> Values);

/// <summary>Columns of each type.</summary>
public static class FactColumn
{
    /// <summary>A text.</summary>
    public static FactColumn<T> Text<T>(string name, Func<T, string?> value, bool required = false)
        // PostgreSQL has no text with a NUL in it.
        => new(name, required ? "text not null" : "text", NpgsqlDbType.Text, facts => facts.Select(f => value(f)?.Replace("\0", "", StringComparison.Ordinal)).ToArray());

    /// <summary>A whole number.</summary>
    public static FactColumn<T> Number<T>(string name, Func<T, long?> value) => new(name, "bigint", NpgsqlDbType.Bigint, facts => facts.Select(value).ToArray());

    /// <summary>A number.</summary>
    public static FactColumn<T> Fraction<T>(string name, Func<T, double?> value) => new(name, "double precision", NpgsqlDbType.Double, facts => facts.Select(value).ToArray());
}

/// <summary>Ids of facts that have none of their own.</summary>
public static class FactId
{
    /// <summary>The fact at a place of a message; a message that comes again has the same id and the same order.</summary>
    public static string Of(Guid messageId, int ordinal) => string.Create(null, $"{messageId:N}.{ordinal}");
}
