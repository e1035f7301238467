using Hikyaku.Accounts.Nodes;
using Hikyaku.Accounts.Verifying;
using Hikyaku.MailNode;
using Hikyaku.Platform;
using Hikyaku.Verify;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Hikyaku.Accounts.Tests.Integration;

/// <summary>A service with a database of its own, which tests damage, and the folder of a node that has listed from it.</summary>
public sealed class VerifiedService : IAsyncLifetime
{
    public const string Node = "node mail1";
    private readonly string _folder = Directory.CreateTempSubdirectory("hikyaku-test-").FullName;

    public AccountsService Accounts { get; } = new();

    public string VmailFolder => Path.Combine(_folder, "vmail");

    public ValueTask InitializeAsync() => Accounts.InitializeAsync();

    public async ValueTask DisposeAsync()
    {
        await Accounts.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>A domain, an account in it with some changes, and the node that has all of them.</summary>
    public async Task<(string Domain, string Address, string Id)> AccountAsync()
    {
        var domain = await Accounts.DomainAsync();
        var address = await Accounts.AccountAsync(domain, capacityMb: 200, comment: "first");
        await Accounts.SendAsync(HttpMethod.Patch, $"/api/v1/accounts/{address}", new { capacityMb = 300, comment = "second", password = "Betsu-no-98yz" });
        await ListToNodeAsync();
        return (domain, address, (await Accounts.TargetAsync(address))!.AccountId);
    }

    /// <summary>What an agent does that has no replica.</summary>
    public async Task ListToNodeAsync()
    {
        await using var connection = new NpgsqlConnection(Accounts.Database);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand("select coalesce(max(seq_id), 0) from mt_events", connection);
        var position = (long)(await command.ExecuteScalarAsync())!;
        var states = new List<object>();
        await foreach (var state in Accounts.Get<NodeStates>().All(connection, position, CancellationToken.None)) states.Add(state);
        var (parts, settings) = (new Parts(Parts.OfThisProgram()), new NodeSettings("mail1", _folder, new Dictionary<string, Uri>(), "", new("http://127.0.0.1"), ""));
        using var replica = new Replica(settings, new Schema(parts), new FormerSessions(settings, parts), NullLogger<Replica>.Instance);
        await replica.ReplaceAsync(r => new ReplicaRows(parts).List(r, Hikyaku.Accounts.Program.Service, states, position, DateTimeOffset.UtcNow), CancellationToken.None);
    }

    public async Task DamageAsync(string sql, params (string Name, object Value)[] parameters)
    {
        await using var connection = new NpgsqlConnection(Accounts.Database);
        await connection.OpenAsync();
#pragma warning disable CA2100 // the tests' own statements
        await using var command = new NpgsqlCommand(sql, connection);
#pragma warning restore CA2100
        foreach (var (name, value) in parameters) command.Parameters.AddWithValue(name, value);
        Assert.NotEqual(0, await command.ExecuteNonQueryAsync());
    }

    public void DamageReplica(string sql, string parameter)
    {
        using var replica = new SqliteConnection($"Data Source={Path.Combine(_folder, "replica.db")};Pooling=False");
        replica.Open();
        using var command = replica.CreateCommand();
#pragma warning disable CA2100 // the tests' own statements
        command.CommandText = sql;
#pragma warning restore CA2100
        command.Parameters.AddWithValue("$1", parameter);
        Assert.NotEqual(0, command.ExecuteNonQuery());
    }

    /// <summary>Everything that is found, by anybody's damage.</summary>
    public Task<Outcome> VerifyAsync(double seconds = 0)
        => VerifyAsync(new VerificationSettings(Accounts.Database, new Dictionary<string, string> { ["mail1"] = _folder }, TimeSpan.FromSeconds(seconds)));

    /// <summary>What <c>./dev verify</c> does: the service's own verb, and what goes across programs.</summary>
    public static async Task<Outcome> VerifyAsync(VerificationSettings settings)
    {
        var within = await VerifyStreams.RunAsync(AccountsVerbs.All, settings.Postgres, settings.Wait, CancellationToken.None);
        var across = await Verification.RunAsync(settings, CancellationToken.None);
        return new([.. within.Disagreements, .. across.Disagreements], [.. within.Counted, .. across.Counted]);
    }

    /// <summary>What is found about some keys.</summary>
    public async Task<string[]> FoundAsync(params string[] keys)
        => [.. (await VerifyAsync()).Disagreements.Where(d => keys.Contains(d.Key)).Select(d => d.ToString()).Order(StringComparer.Ordinal)];
}
