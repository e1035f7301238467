using System.Net.Http.Json;
using System.Text.Json;
using Hikyaku.Contracts;
using Hikyaku.Moods.Contracts;
using Hikyaku.Platform.Testing;

namespace Hikyaku.MailNode.Tests.Integration;

/// <summary>A node whose replica has a part of another service beside those of the accounts service.</summary>
public sealed class NodeOfTwoServices : IAsyncLifetime
{
    public ServiceStandIn Moods { get; } = new(MoodPart.Owner);

    public MailNodeUnderTest Node { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        await Moods.StartAsync();
        Node = await MailNodeUnderTest.StartAsync(parts: [new MoodPart()], settings: $"--Hikyaku:Services:{MoodPart.Owner}={Moods.Url}");
    }

    public async ValueTask DisposeAsync()
    {
        if (Node is not null) await Node.DisposeAsync();
        await Moods.DisposeAsync();
    }
}

/// <summary>What one service does, or does not do, leaves the rows and the position of another alone.</summary>
public sealed class A_second_service(NodeOfTwoServices fixture) : IClassFixture<NodeOfTwoServices>
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(40);
    private readonly MailNodeUnderTest _node = fixture.Node;
    private readonly ServiceStandIn _moods = fixture.Moods;

    [Fact, Trait("Rule", "NOD-5")]
    public async Task Each_service_is_told_what_is_applied_of_its_own_parts()
    {
        var account = await Account.OpenAsync(_node);
        await TellAsync(account, "calm");
        await Eventually.Async(() => _moods.Applied == _moods.Position);
        Assert.Equal("calm", Mood(account));
        Assert.Equal([MoodPart.Owner], Applied(_moods));
        Assert.Equal(["accounts"], Applied(_node.Accounts));
    }

    [Fact, Trait("Rule", "NOD-5")]
    public async Task A_list_that_hangs_does_not_hold_back_the_other_services_position()
    {
        var account = await Account.OpenAsync(_node);
        await TellAsync(account, "calm");
        var (lists, released) = (_moods.Lists, new TaskCompletionSource());
        _moods.InTheMiddle = () => released.Task;
        var before = _moods.Next();
        await _node.Broker.PublishAsync(new NodeStateBookmark(MoodPart.Owner, _moods.Next(), before)); // something is missing
        await Eventually.Async(() => _moods.Lists > lists);
        await account.ChangeCapacityAsync(20); // and it is in force
        Assert.True(_moods.Applied < _moods.Position);
        released.SetResult();
        _moods.InTheMiddle = () => Task.CompletedTask;
        await Eventually.Async(() => _moods.Applied == _moods.Position, Long);
    }

    [Fact, Trait("Rule", "NOD-5"), Trait("Rule", "NOD-2")]
    public async Task A_service_that_is_down_does_not_hold_back_the_other_ones_position()
    {
        var account = await Account.OpenAsync(_node);
        await _moods.StopAsync();
        await account.ChangeCapacityAsync(20);
        await _moods.StartAsync();
        await TellAsync(account, "glad");
        await Eventually.Async(() => _moods.Applied == _moods.Position, Long);
    }

    [Fact, Trait("Rule", "NOD-3")]
    public async Task A_new_replica_serves_when_the_lists_of_all_services_are_in_it()
    {
        var account = await Account.OpenAsync(_node);
        await TellAsync(account, "calm");
        await Eventually.Async(() => _moods.Applied == _moods.Position);
        await _moods.StopAsync();
        var lists = _node.Accounts.Lists;
        _node.RemoveReplica();
        await Eventually.Async(() => _node.Accounts.Lists > lists, Long);
        await Eventually.Async(async () => (int)await _node.ReadinessAsync() == 503, Long);
        Assert.False(File.Exists(_node.Replica));
        await _moods.StartAsync();
        await _node.ReadyAsync();
        Assert.Equal("calm", Mood(account));
        await Eventually.Async(() => _moods.Applied == _moods.Position && _node.Accounts.Applied == _node.Accounts.Position, Long);
        (await account.LoggedInAsync()).Dispose();
    }

    [Fact, Trait("Rule", "NOD-3")]
    public async Task The_drift_of_each_service_is_repaired_by_itself()
    {
        var account = await Account.OpenAsync(_node);
        await TellAsync(account, "calm");
        await Eventually.Async(() => _moods.Applied == _moods.Position);
        Assert.Equal((true, 0), await CheckAsync());

        _node.ChangeReplica("UPDATE mood SET mood = 'wild' WHERE account_id = $1", account.State.AccountId);
        _node.ChangeReplica("UPDATE mailbox SET capacity_mb = 77 WHERE account_id = $1", account.State.AccountId);
        await _moods.StopAsync();
        Assert.False((await CheckAsync()).Done);
        Assert.Equal(account.State.CapacityMb, _node.AskReplica("SELECT capacity_mb FROM mailbox WHERE account_id = $1", account.State.AccountId));
        Assert.Equal("wild", Mood(account));
        await _moods.StartAsync();
        Assert.True((await CheckAsync()).Done);
        Assert.Equal("calm", Mood(account));
        Assert.Equal((true, 0), await CheckAsync());
    }

    [Fact, Trait("Rule", "ACC-7"), Trait("Rule", "NOD-5")]
    public async Task Sessions_that_one_service_ends_hold_back_its_own_position_alone()
    {
        var account = await Account.OpenAsync(_node);
        using var imap = await account.LoggedInAsync();
        using var standIn = new DoveadmStandIn(BadAnswer.CommandFailed);
        await _node.RestartAgentAsync(standIn.Setting);
        await TellAsync(account, "angry");
        await Eventually.Async(() => Mood(account) == "angry");
        await Account.ServeAsync(_node, "in-force.example.jp"); // which ends no session
        Assert.True(_moods.Applied < _moods.Position);
        standIn.Mend(_node.Port("DOVEADM"));
        await Eventually.Async(() => _moods.Applied == _moods.Position, Long);
        await Eventually.Async(() => imap.IsOverAsync());
        await _node.RestartAgentAsync();
    }

    [Fact, Trait("Rule", "NOD-5")]
    public async Task When_the_node_is_retired_the_other_services_are_told()
    {
        _node.Accounts.Retired[_node.Name] = true;
        await Eventually.Async(() => IsToldRetired(), Long);
        _node.Accounts.Retired.Clear();
        await Eventually.Async(() => !IsToldRetired(), Long);
        await _node.ReadyAsync();
    }

    [Fact]
    public void An_agent_that_does_not_know_where_a_service_is_does_not_start()
    {
        var secrets = Path.Combine(_node.Home, "secrets");
        string[] settings =
        [
            "--Hikyaku:Node=mail1", $"--Hikyaku:NodeHome={_node.Home}/other", "--Hikyaku:Services:accounts=http://127.0.0.1:1", "--Hikyaku:Services:datacopy=http://127.0.0.1:1", $"--Hikyaku:NodeCredential={secrets}/node-credential",
            "--Hikyaku:Doveadm=http://127.0.0.1:1", $"--Hikyaku:DoveadmKey={secrets}/doveadm.key", "--Hikyaku:Rabbit=amqp://x:y@127.0.0.1:1/z", "--Hikyaku:RabbitNodes=amqp://x:y@127.0.0.1:1/z",
        ];
        var missing = Assert.Throws<InvalidOperationException>(() => Program.Build(settings, parts: [new MoodPart()]));
        Assert.Contains("Hikyaku:Services:moods", missing.Message, StringComparison.Ordinal);
    }

    private async Task TellAsync(Account account, string mood)
    {
        var (before, state) = (_moods.Position, _moods.Keep(at => new MoodState(account.State.AccountId, mood, at, at, false)));
        await _node.Broker.PublishAsync(state);
        await _node.Broker.PublishAsync(new NodeStateBookmark(MoodPart.Owner, state.Position, before));
    }

    private string? Mood(Account account) => _node.TextFromReplica("SELECT mood FROM mood WHERE account_id = $1", account.State.AccountId);

    private bool IsToldRetired() => _moods.Lease is { } lease && lease.GetProperty("retired").GetBoolean();

    private static IEnumerable<string> Applied(ServiceStandIn service) => service.Lease!.Value.GetProperty("applied").EnumerateObject().Select(p => p.Name);

    private async Task<(bool Done, int Repaired)> CheckAsync()
    {
        using var http = new HttpClient { BaseAddress = _node.AgentAddress, Timeout = TimeSpan.FromSeconds(40) };
        using var answer = await http.PostAsync(new Uri("/check", UriKind.Relative), null);
        var said = await answer.Content.ReadFromJsonAsync<JsonElement>();
        return (said.GetProperty("done").GetBoolean(), said.GetProperty("repaired").GetInt32());
    }
}
