using Hikyaku.Platform.Testing;
using Microsoft.Data.Sqlite;

namespace Hikyaku.MailNode.Tests.Integration;

/// <summary>The node's replica, looked at and damaged from outside.</summary>
public sealed partial class MailNodeUnderTest
{
    public string Replica => Path.Combine(Home, "mailnode", "replica.db");

    /// <summary>Takes the replica away, under whoever reads it.</summary>
    public void RemoveReplica()
    {
        foreach (var file in Directory.GetFiles(Path.GetDirectoryName(Replica)!, "replica.db*")) File.Delete(file);
    }

    /// <summary>A number from the replica.</summary>
    public long AskReplica(string sql, params object?[] parameters)
    {
        using var replica = new SqliteConnection($"Data Source={Replica};Mode=ReadOnly;Pooling=False");
        replica.Open();
        return replica.One<long>(sql, parameters);
    }

    /// <summary>A text from the replica; null when there is none.</summary>
    public string? TextFromReplica(string sql, params object?[] parameters)
    {
        using var replica = new SqliteConnection($"Data Source={Replica};Mode=ReadOnly;Pooling=False");
        replica.Open();
        return replica.One<string>(sql, parameters);
    }

    /// <summary>Changes the replica as nobody should, without the servers' noticing; answers how many rows.</summary>
    public int ChangeReplica(string sql, params object?[] parameters)
    {
        using var replica = new SqliteConnection($"Data Source={Replica};Mode=ReadWrite;Pooling=False;Default Timeout=10");
        replica.Open();
        SqliteFile.KeepLogFiles(replica);
        replica.Run("PRAGMA wal_autocheckpoint = 0"); // goes into the log alone: the agent notices writes to the file
        return replica.Run(sql, parameters);
    }

    /// <summary>Which replica there is.</summary>
    public string ReplicaIdentity()
    {
        using var replica = new SqliteConnection($"Data Source={Replica};Mode=ReadOnly;Pooling=False");
        replica.Open();
        return replica.One<string>("SELECT identity FROM replica")!;
    }

    /// <summary>Waits until there is another replica.</summary>
    public Task OtherReplicaAsync(string identity) => Eventually.Async(() => ReplicaIdentity() != identity, TimeSpan.FromSeconds(40));
}
