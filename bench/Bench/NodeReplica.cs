using Microsoft.Data.Sqlite;

namespace Hikyaku.Bench;

/// <summary>The replica of the running platform's mail node, which root may read and write.</summary>
internal sealed class NodeReplica(string home)
{
    private readonly string _file = Path.Combine(home, "mailnode", "replica.db");

    /// <summary>Address, hash and folder of a domain's accounts that have a password.</summary>
    public IReadOnlyList<(string Address, string Hash, string Folder)> Accounts(string domain)
    {
        using var connection = Open();
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT address, password_hash, home FROM dovecot_user WHERE password_hash IS NOT NULL AND address LIKE '%@' || $1";
        command.Parameters.AddWithValue("$1", domain);
        using var row = command.ExecuteReader();
        var accounts = new List<(string, string, string)>();
        while (row.Read()) accounts.Add((row.GetString(0), row.GetString(1), Path.Combine(home, "mailnode", "vmail", row.GetString(2))));
        return accounts;
    }

    /// <summary>The Sieve script that an account's mail is delivered by.</summary>
    public string ScriptOf(string address)
    {
        using var connection = Open();
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT body FROM script WHERE address = $1";
        command.Parameters.AddWithValue("$1", address);
        return (string)command.ExecuteScalar()!;
    }

    /// <summary>Makes the node hash every password again.</summary>
    public void ForgetPasswords()
    {
        using var connection = Open();
        using var command = connection.CreateCommand();
        command.CommandText = "DELETE FROM verified_password";
        command.ExecuteNonQuery();
    }

    /// <summary>Waits until as many passwords are known.</summary>
    public async Task KnowsAsync(int passwords)
    {
        using var connection = Open();
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT count(*) FROM verified_password";
        for (var deadline = DateTime.UtcNow.AddSeconds(60); (long)command.ExecuteScalar()! < passwords;)
        {
            if (DateTime.UtcNow > deadline) throw new TimeoutException($"The node does not come to know {passwords} passwords");
            await Task.Delay(50);
        }
    }

    private SqliteConnection Open()
    {
        var connection = new SqliteConnection($"Data Source={_file};Mode=ReadWrite;Pooling=False;Default Timeout=30");
        connection.Open();
        return connection;
    }
}
