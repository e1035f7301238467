using System.Data.Common;
using Npgsql;

namespace Hikyaku.Platform;

/// <summary>A stream and what it adds up to.</summary>
/// <param name="Key">Its key.</param>
/// <param name="Kind">Null when its first event is of no known kind.</param>
/// <param name="State">Null when it does not fold.</param>
/// <param name="Events">Those that could be read.</param>
public sealed record FoldedStream(string Key, IStreamKind? Kind, object? State, IReadOnlyList<object> Events);

/// <summary>
/// What a service keeps beside its streams and their snapshots, and how it must follow from them. Each look has one of its own. As it stands
/// it is for a service that keeps nothing.
/// </summary>
public class StreamChecks
{
    /// <summary>Where <see cref="Columns"/> begin in a row.</summary>
    public const int FirstColumn = 7;

    /// <summary>Where a read model is said to differ.</summary>
    public const string ReadModel = "read model";

    /// <summary>Where an event is said to be wrong.</summary>
    public const string History = "history";

    /// <summary>Further columns that are read with each stream, like <c>l.address, l.domain</c>; empty for none.</summary>
    public virtual string Columns => "";

    /// <summary>Where they come from, joined to <c>mt_streams s</c>.</summary>
    public virtual string Joins => "";

    /// <summary>The fields of states that are not for everybody's eyes.</summary>
    public virtual IReadOnlyCollection<string> Hidden => [];

    /// <summary>Whether a stream in this state may be without a snapshot.</summary>
    public virtual bool MayLackSnapshot(object state) => false;

    /// <summary>Compares what belongs to one stream that folds.</summary>
    /// <param name="stream">The stream; its state is known.</param>
    /// <param name="row">Has the columns from <see cref="FirstColumn"/> on.</param>
    /// <param name="findings">Gets what differs.</param>
    public virtual void Compare(FoldedStream stream, DbDataReader row, Findings findings) { }

    /// <summary>Compares what belongs to no single stream, after all of them.</summary>
    public virtual Task CompareOthersAsync(NpgsqlConnection snapshot, Findings findings, CancellationToken stop) => Task.CompletedTask;
}

/// <summary>A question to the database of a service: the keys that it selects disagree.</summary>
/// <param name="Where"><see cref="StreamChecks.History"/> or <see cref="StreamChecks.ReadModel"/>.</param>
/// <param name="Sql">Selects the keys, as text.</param>
/// <param name="What">What is wrong with them.</param>
public sealed record Question(string Where, string Sql, string What);
