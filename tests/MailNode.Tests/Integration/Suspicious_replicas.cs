using System.Net.Http.Json;
using System.Text.Json;
using Hikyaku.Accounts.Contracts;
using Hikyaku.Contracts;
using Hikyaku.Platform.Testing;
using MailKit.Security;
using Microsoft.Data.Sqlite;

namespace Hikyaku.MailNode.Tests.Integration;

public sealed class Suspicious_replicas(NodeToBreak fixture) : IClassFixture<NodeToBreak>
{
    private readonly MailNodeUnderTest _node = fixture.Node;

    [Fact, Trait("Rule", "NOD-3")]
    public async Task An_older_replica_put_there_while_no_agent_ran_does_not_serve_before_a_list()
    {
        var account = await Account.OpenAsync(_node);
        var copy = Copy();
        var changed = await account.ChangePasswordAsync("Hanafubuki-93ab");
        await _node.StopAgentAsync();
        await _node.Accounts.StopAsync();
        _node.RemoveReplica();
        File.Move(copy, _node.Replica);
        await _node.StartAgentAsync();
        await Eventually.Async(async () => (await HealthAsync()).Contains("never completed", StringComparison.Ordinal));

        await _node.Accounts.StartAsync();
        await _node.ReadyAsync();
        await Eventually.Async(async () => (await changed.InboxAsync()).Count == 0);
        await Assert.ThrowsAsync<AuthenticationException>(account.LoggedInAsync);
    }

    [Theory, Trait("Rule", "NOD-3")]
    [InlineData("moved", true)]
    [InlineData("moved", false)]
    [InlineData("written over it", true)]
    public async Task An_older_copy_that_is_put_there_under_the_running_agent_is_noticed(string how, bool withItsLog)
    {
        var account = await Account.OpenAsync(_node);
        var copy = Copy();
        var changed = await account.ChangePasswordAsync("Hanafubuki-93ab");
        var identity = _node.ReplicaIdentity();
        if (!withItsLog) foreach (var log in new[] { "-wal", "-shm" }) File.Delete(_node.Replica + log);
        if (how == "moved") File.Move(copy, _node.Replica, overwrite: true);
        else File.Copy(copy, _node.Replica, overwrite: true);
        await _node.OtherReplicaAsync(identity);
        await _node.ReadyAsync();
        await Eventually.Async(async () => (await changed.InboxAsync()).Count == 0);
        await Assert.ThrowsAsync<AuthenticationException>(account.LoggedInAsync);
        (await (await changed.ChangePasswordAsync("Akatombo-55cd")).LoggedInAsync()).Dispose();
    }

    [Theory, Trait("Rule", "NOD-3")]
    [InlineData(0, true)]
    [InlineData(0, false)]
    [InlineData(5000, true)]
    [InlineData(5000, false)]
    public async Task A_truncated_replica_is_made_anew(int bytes, bool underTheAgent)
    {
        var account = await Account.OpenAsync(_node);
        var identity = _node.ReplicaIdentity();
        if (!underTheAgent) await _node.StopAgentAsync();
        using (var file = File.OpenWrite(_node.Replica)) file.SetLength(bytes);
        if (!underTheAgent) await _node.StartAgentAsync();
        await _node.OtherReplicaAsync(identity);
        await _node.ReadyAsync();
        await Eventually.Async(async () => (await account.InboxAsync()).Count == 0);
        (await (await account.ChangePasswordAsync("Hanafubuki-93ab")).LoggedInAsync()).Dispose();
    }

    [Fact, Trait("Rule", "NOD-3"), Trait("Rule", "NOD-5")]
    public async Task Drift_is_found_repaired_counted_and_told_with_the_lease()
    {
        var (altered, lost, right) = (await Account.OpenAsync(_node), await Account.OpenAsync(_node), await Account.OpenAsync(_node));
        Assert.Equal((true, 0, 0), await CheckAsync());
        var before = RepairedByLease();
        var shards = await Eventually.Async(async () =>
        {
            Damage("UPDATE mailbox SET password_hash = (SELECT password_hash FROM mailbox WHERE account_id = $2) || 'x' WHERE account_id = $1", altered.State.AccountId, right.State.AccountId);
            Damage("DELETE FROM mailbox WHERE account_id = $1", lost.State.AccountId);
            Damage("INSERT OR REPLACE INTO domain VALUES ($1, 1, 1, 1, NULL, NULL, NULL)", "evil.example");
            await Assert.ThrowsAsync<AuthenticationException>(altered.LoggedInAsync);
            var (done, differing, repaired) = await CheckAsync();
            return done && repaired == 3 ? differing : 0; // a list of the start may come in between and repair some
        }, n => n > 0, TimeSpan.FromSeconds(60));
        Assert.InRange(shards, 1, 3);
        await altered.SessionsEndedAsync();
        await lost.SessionsEndedAsync();
        foreach (var account in new[] { altered, lost, right }) (await account.LoggedInAsync()).Dispose();
        Assert.Equal(0, _node.AskReplica("SELECT count(*) FROM domain WHERE domain = 'evil.example'"));
        Assert.Equal((true, 0, 0), await CheckAsync());
        await Eventually.Async(() => RepairedByLease() >= before + 3);
        var told = _node.Accounts.Lease!.Value.GetProperty("lastDigestCheck").GetDateTimeOffset();
        Assert.InRange(told, DateTimeOffset.UtcNow.AddMinutes(-1), DateTimeOffset.UtcNow.AddMinutes(1));
    }

    [Fact, Trait("Rule", "NOD-3")]
    public async Task A_node_that_does_not_get_to_the_services_position_lists_instead_of_repairing()
    {
        var account = await Account.OpenAsync(_node);
        var version = 1;
        await Eventually.Async(
            async () =>
            {
                version++;
                _node.Accounts.Keep(account.State with { CapacityMb = 75 + version, Version = version, Position = _node.Accounts.Next() }); // and nobody publishes it
                var (done, _, repaired) = await CheckAsync();
                Assert.Equal(0, repaired);
                return done;
            },
            done => !done); // it may have listed by itself between the two
        await Eventually.Async(() => _node.Accounts.Applied == _node.Accounts.Position);
        Assert.Equal(75 + version, _node.AskReplica("SELECT capacity_mb FROM mailbox WHERE account_id = $1", account.State.AccountId));
        Assert.Equal((true, 0, 0), await CheckAsync());
    }

    [Fact, Trait("Rule", "REL-3"), Trait("Rule", "ACC-5")]
    public async Task A_tombstone_that_is_delivered_again_does_not_touch_a_later_life()
    {
        var first = await Account.OpenAsync(_node, name: "reborn");
        var gone = await first.ChangeAsync(s => s with { Deleted = true, PasswordHash = null }, null);
        // As the process of a deletion has it: the next life begins when nothing of the first is left.
        await Eventually.Async(() => _node.AskReplica("SELECT count(*) FROM mailbox WHERE account_id = $1 AND erase_due IS NULL AND deleted_at IS NOT NULL", first.State.AccountId) == 1);
        var second = await (await Account.OpenAsync(_node, name: "another")).ChangeAsync(s => s with { Address = first.Address, Life = 2 }, Account.UsualPassword);
        await _node.DeliverAsync(second.Address, "of the second life");
        await Eventually.Async(second.InboxAsync, inbox => inbox.Count == 1);
        await Eventually.Async(() => _node.AskReplica("SELECT count(*) FROM session_end") == 0); // of the first life, whose name is the same
        using var session = await second.LoggedInAsync();
        var deletedAt = DeletedAt(first);

        await _node.Broker.PublishAsync(gone.State);
        await _node.Broker.PublishAsync(first.State); // and an old state of it
        await Account.OpenAsync(_node); // everything before it is applied
        Assert.Equal(deletedAt, DeletedAt(first));
        Assert.Equal(["of the second life"], await second.InboxAsync());
        Assert.False(await session.IsOverAsync());
    }

    [Fact, Trait("Rule", "NOD-3"), Trait("Rule", "REL-3"), Trait("Size", "lists")]
    public async Task Lists_while_accounts_come_and_go_end_as_the_service_has_it()
    {
        await Account.ServeAsync(_node, "example.jp");
        var (stay, total, overtaken, changing) = (new List<string>(), Campaign.Size("lists", everyDay: 300), 0, true);
        _node.Accounts.InTheMiddle = async () =>
        {
            var before = _node.Accounts.Position;
            await Eventually.Async(() => _node.Accounts.Position > before || !changing);
            if (_node.Accounts.Position > before) Interlocked.Increment(ref overtaken);
        };
        for (var i = 0; i < total; i++)
        {
            if (i % 100 == 50) await _node.Broker.PublishAsync(new NodeStateBookmark("accounts", _node.Accounts.Position, _node.Accounts.Position)); // as if something was missing
            var id = Guid.CreateVersion7().ToString("N");
            var state = (MailboxState)_node.Accounts.Keep(at => new MailboxState(id, $"m{i}@example.jp", "example.jp", 1, "$argon2id$none", 10, 1, at, false));
            await _node.Broker.PublishAsync(state);
            if (i % 2 == 0)
            {
                stay.Add(id);
                continue;
            }

            var gone = (MailboxState)_node.Accounts.Keep(at => state with { Version = 2, Position = at, Deleted = true, PasswordHash = null });
            await _node.Broker.PublishAsync(gone);
            _node.Accounts.Forget(gone);
        }

        await _node.Broker.PublishAsync(new NodeStateBookmark("accounts", _node.Accounts.Position));
        changing = false;
        _node.Accounts.InTheMiddle = () => Task.CompletedTask;
        await Eventually.Async(() => _node.Accounts.Applied == _node.Accounts.Position, TimeSpan.FromSeconds(90));
        Assert.True(overtaken > 0, "accounts changed while a list was read");
        Assert.Equal(stay.Count, _node.AskReplica("SELECT count(*) FROM holder WHERE address GLOB 'm[0-9]*@example.jp'"));
        Assert.Equal((true, 0, 0), await CheckAsync());
    }

    [Theory, Trait("Rule", "NOD-2"), Trait("Rule", "NOD-5")]
    [InlineData(10)]
    [InlineData(-10)]
    public async Task A_clock_that_is_ten_minutes_off_and_then_put_right_changes_nothing(int minutes)
    {
        var account = await Account.OpenAsync(_node);
        await RestartAsync(new ShiftedClock { By = TimeSpan.FromMinutes(minutes) });
        var changed = await account.ChangePasswordAsync("Hanafubuki-93ab");
        await Assert.ThrowsAsync<AuthenticationException>(account.LoggedInAsync);
        await _node.DeliverAsync(account.Address, "off");
        await Eventually.Async(changed.InboxAsync, inbox => inbox.Contains("off"));
        await Eventually.Async(() => _node.Broker.Used.GetValueOrDefault(account.State.AccountId) > 0);
        Assert.Equal((true, 0, 0), await CheckAsync());

        // A session that is to be ended by a clock that was ahead is ended by one that is right.
        await _node.StopDovecotAsync();
        var again = await changed.ChangePasswordAsync("Akatombo-55cd");
        await RestartAsync(TimeProvider.System);
        await _node.StartDovecotAsync();
        await Eventually.Async(() => _node.AskReplica("SELECT count(*) FROM session_end") == 0, TimeSpan.FromSeconds(20));
        (await again.LoggedInAsync()).Dispose();
        Assert.Equal((true, 0, 0), await CheckAsync());
    }

    private async Task RestartAsync(TimeProvider clock)
    {
        await _node.StopAgentAsync();
        _node.Clock = clock;
        await _node.StartAgentAsync();
        await _node.ReadyAsync();
    }

    private async Task<(bool Done, int Shards, int Repaired)> CheckAsync()
    {
        using var http = new HttpClient { BaseAddress = _node.AgentAddress, Timeout = TimeSpan.FromSeconds(40) };
        using var answer = await http.PostAsync(new Uri("/check", UriKind.Relative), null);
        var said = await answer.Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal(answer.IsSuccessStatusCode, said.GetProperty("done").GetBoolean());
        return (said.GetProperty("done").GetBoolean(), said.GetProperty("shards").GetInt32(), said.GetProperty("repaired").GetInt32());
    }

    private async Task<string> HealthAsync()
    {
        using var http = new HttpClient { BaseAddress = _node.AgentAddress };
        using var answer = await http.GetAsync(new Uri("/health/ready", UriKind.Relative));
        return await answer.Content.ReadAsStringAsync();
    }

    // Whole, with what is still in its log.
    private string Copy()
    {
        var file = Path.Combine(_node.Home, $"copy-{Guid.NewGuid():N}.db");
        using var from = new SqliteConnection($"Data Source={_node.Replica};Mode=ReadOnly;Pooling=False");
        using var to = new SqliteConnection($"Data Source={file};Pooling=False");
        from.Open();
        to.Open();
        from.BackupDatabase(to);
        return file;
    }

    private void Damage(string sql, params object?[] parameters) => Assert.Equal(1, _node.ChangeReplica(sql, parameters));

    private long DeletedAt(Account account) => _node.AskReplica("SELECT deleted_at FROM mailbox WHERE account_id = $1", account.State.AccountId);

    private long RepairedByLease() => _node.Accounts.Lease is { } l && l.TryGetProperty("repaired", out var repaired) ? repaired.GetInt64() : 0;
}
