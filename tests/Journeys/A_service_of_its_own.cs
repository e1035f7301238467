using System.Net.Http.Json;
using System.Text.Json;
using Hikyaku.Platform.Testing;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace Hikyaku.Journeys;

/// <summary>
/// A copy of the sources to which <c>tests/SmallService/add.sh</c> has added a service, built and started: what a service gets
/// from the manifest and the platform alone.
/// </summary>
public sealed class PlatformWithMoods : IAsyncLifetime
{
    private readonly string _sources = CopyBeside.NewFolder();
    private CopyBeside? _copy;

    public PlatformUnderTest Platform => Copy.Platform;

    public CopyBeside Copy => _copy ?? throw new InvalidOperationException("It has not begun");

    public async ValueTask InitializeAsync()
    {
        var repository = PlatformUnderTest.Repository();
        _copy = new CopyBeside(_sources, ("HIKYAKU_FAST", "1"), ("HIKYAKU_PASSWORD_COST", "low"), ("RunAnalyzers", "false"));
        await _copy.RunAsync("bash", "-c",
            "cd $0 && git -c safe.directory=$0 ls-files -z -co --exclude-standard | tar --null --ignore-failed-read -T - -c | tar -x -C $1 && git init -q $1", repository, _sources);
        await _copy.RunAsync(Path.Combine(repository, "tests", "SmallService", "add.sh"), _sources);
        await _copy.UpAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_copy is not null) await _copy.DisposeAsync();
        Directory.Delete(_sources, recursive: true);
    }
}

/// <summary>The moods of accounts, a service of tests/SmallService, from its first setting to the end of an account.</summary>
[Trait("Platform", "own"), Trait("Sources", "own")]
public sealed class A_service_of_its_own(PlatformWithMoods with) : IClassFixture<PlatformWithMoods>
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(60);
    private readonly PlatformUnderTest _platform = with.Platform;

    [Fact, Trait("Rule", "NOD-5")]
    public async Task What_it_sets_is_in_force_when_the_node_obeys_it_and_stands_in_the_summary()
    {
        var account = await NewAccountAsync();
        using var imap = await _platform.ImapAsync(account);
        using (var user = await _platform.SignInAsync(account, PlatformUnderTest.Password)) await SetAsync(user, account, "angry");
        await InForceAsync(account, "angry");
        Assert.Equal("angry", Replica($"SELECT mood FROM mood WHERE account_id = '{Id(account)}'"));
        await Eventually.Async(async () => !imap.IsConnected || !await AnswersAsync(imap)); // its part throws out who is angry

        var refused = await _platform.Operator.SendAsync(HttpMethod.Put, $"/api/v1/accounts/{account}/mood", new { mood = "hungry" });
        Assert.Equal((422, "moods.unknown"), (refused.Status, refused.Code));
        Assert.Equal(404, (await _platform.Operator.SendAsync(HttpMethod.Put, $"/api/v1/accounts/nobody@{Domain(account)}/mood", new { mood = "calm" })).Status);
    }

    [Fact, Trait("Rule", "NOD-3")]
    public async Task A_lost_replica_is_listed_and_what_drifted_is_repaired()
    {
        var account = await NewAccountAsync();
        await SetAsync(_platform.Operator, account, "glad");
        await InForceAsync(account, "glad");
        var mood = $"SELECT mood FROM mood WHERE account_id = '{Id(account)}'";

        await _platform.ControlAsync("stop", "mailnode");
        foreach (var file in Directory.GetFiles(Path.Combine(_platform.Home, "mailnode"), "replica.db*")) File.Delete(file);
        await _platform.ControlAsync("start", "mailnode");
        await Eventually.Async(() => File.Exists(ReplicaFile) && Replica(mood) == "glad", Long);

        Replica($"UPDATE mood SET mood = 'wild' WHERE account_id = '{Id(account)}'");
        using var agent = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{CopyBeside.Port(20)}"), Timeout = Long };
        var check = await (await agent.PostAsync(new Uri("/check", UriKind.Relative), null)).Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal((true, 1), (check.GetProperty("done").GetBoolean(), check.GetProperty("repaired").GetInt32()));
        Assert.Equal("glad", Replica(mood));
    }

    [Fact, Trait("Rule", "OPS-3")]
    public async Task Its_changes_stand_in_the_accounts_history_and_are_undone()
    {
        var account = await NewAccountAsync();
        await SetAsync(_platform.Operator, account, "glad");
        await SetAsync(_platform.Operator, account, "angry");
        // A service that does not answer in time is left out.
        var history = (await Eventually.Async(() => _platform.Operator.GetAsync($"/api/v1/accounts/{account}/history"), r => r.Body?["items"]?.AsArray() is { Count: 3 })).Body!["items"]!.AsArray();
        Assert.Equal(["moods.mood-set", "moods.mood-set", "accounts.mail-account-created"], history.Select(i => i!["type"]!.GetValue<string>()));
        Assert.Equal(("glad", "angry"), (history[0]!["before"]!["mood"]!.GetValue<string>(), history[0]!["after"]!["mood"]!.GetValue<string>()));
        var undone = await _platform.Operator.SendAsync(HttpMethod.Post, $"/api/v1/accounts/{account}/history/{history[0]!["id"]}/undo", new { });
        Assert.True(undone.Status == 200, undone.Text);
        await InForceAsync(account, "glad");

        var then = Uri.EscapeDataString(history[0]!["at"]!.GetValue<string>());
        Assert.Equal("angry", (await _platform.Operator.GetAsync($"/api/v1/accounts/{account}?at={then}")).Body!["mood"]!.GetValue<string>());
    }

    [Fact, Trait("Rule", "GWY-5"), Trait("Rule", "NTC-1")]
    public async Task Its_job_calms_whom_its_notice_told_of()
    {
        var account = await NewAccountAsync();
        await SetAsync(_platform.Operator, account, "angry");
        using var administrator = await AdministratorAsync(Domain(account));
        await Eventually.Async(
            () => administrator.GetAsync("/api/v1/notices"), r => r.Body!["items"]!.AsArray().Any(n => n!["kind"]!.GetValue<string>() == "somebody-is-angry"));
        var told = Assert.Single(await administrator.FollowAsync($"/api/v1/events?after=0&type=moods.mood-changed&domain={Domain(account)}", 1));
        Assert.Contains("angry", told.Data, StringComparison.Ordinal);

        var begun = await administrator.SendAsync(HttpMethod.Post, $"/api/v1/domains/{Domain(account)}/calmings");
        Assert.Equal(202, begun.Status);
        var job = await _platform.JobAsync(begun, "succeeded");
        Assert.StartsWith("moods-", job["id"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal(1, job["result"]!["accounts"]!.GetValue<int>());
        await InForceAsync(account, "calm");
        var listed = (await administrator.GetAsync("/api/v1/jobs")).Body!["items"]!.AsArray();
        Assert.Contains(listed, j => j!["id"]!.GetValue<string>() == job["id"]!.GetValue<string>());
    }

    [Fact, Trait("Rule", "REL-6")]
    public async Task Its_snapshots_are_verified_and_made_anew()
    {
        var account = await NewAccountAsync();
        await SetAsync(_platform.Operator, account, "glad");
        await InForceAsync(account, "glad");
        var postgres = await with.Copy.RunAsync("bash", "-c", ". $0 && printf %s \"$ConnectionStrings__Postgres\"", Path.Combine(_platform.Home, "settings", "moods"));
        await using (var database = NpgsqlDataSource.Create(postgres))
        {
            await using var damage = database.CreateCommand("update mt_doc_mood set data = jsonb_set(data, '{Current}', '\"wild\"') where id = $1");
            damage.Parameters.Add(new() { Value = Id(account) });
            Assert.Equal(1, await damage.ExecuteNonQueryAsync());
        }

        Assert.Contains(Id(account), await with.Copy.RunAsync("bash", "-c", "! $0 verify --wait 1", Path.Combine(with.Copy.Repository, "dev")), StringComparison.Ordinal);
        await with.Copy.DevAsync("rebuild");
        await with.Copy.DevAsync("verify", "--wait", "60");
    }

    [Fact, Trait("Rule", "ACC-5"), Trait("Rule", "OPS-6")]
    public async Task An_account_is_deleted_when_it_too_has_erased_what_it_kept()
    {
        var account = await NewAccountAsync();
        var id = Id(account);
        await SetAsync(_platform.Operator, account, "glad");
        await InForceAsync(account, "glad");
        await _platform.ControlAsync("stop", "moods");
        Reply deleted;
        try
        {
            deleted = await DeleteAllElseAsync(account, id);
        }
        finally
        {
            await _platform.ControlAsync("start", "moods");
        }

        await _platform.JobAsync(deleted, "succeeded", Long);
        await Eventually.Async(() => Replica($"SELECT mood FROM mood WHERE account_id = '{id}'") is null or "", Long);
        await with.Copy.DevAsync("verify", "--wait", "60");
    }

    // As far as it goes while the service is down.
    private async Task<Reply> DeleteAllElseAsync(string account, string id)
    {
        var deleted = await _platform.Operator.SendAsync(HttpMethod.Delete, $"/api/v1/accounts/{account}");
        Assert.Equal(202, deleted.Status);
        await Eventually.Async(() => Replica($"SELECT 'erased' FROM mailbox WHERE account_id = '{id}' AND deleted_at IS NOT NULL AND erase_due IS NULL") == "erased", Long);
        Assert.NotEqual("succeeded", (await _platform.Operator.GetAsync($"/api/v1/jobs/{deleted.Body!["id"]}")).Body!["state"]!.GetValue<string>());
        return deleted;
    }

    private static string Domain(string account) => account.Split('@')[1];

    private async Task<string> NewAccountAsync() => await _platform.AccountAsync(await _platform.DomainAsync());

    private string Id(string account) => Replica($"SELECT account_id FROM mailbox WHERE address = '{account}'")!;

    private async Task<Client> AdministratorAsync(string domain)
    {
        var login = $"a{Guid.NewGuid():N}"[..12];
        Assert.Equal(201, (await _platform.Operator.SendAsync(HttpMethod.Post, $"/api/v1/domains/{domain}/administrators", new { login, password = PlatformUnderTest.Password })).Status);
        return await _platform.SignInAsync(login, PlatformUnderTest.Password);
    }

    private static async Task SetAsync(Client by, string account, string mood)
    {
        var reply = await by.SendAsync(HttpMethod.Put, $"/api/v1/accounts/{account}/mood", new { mood });
        Assert.True(reply.Status == 200, reply.Text);
    }

    private Task<Reply> InForceAsync(string account, string mood) => Eventually.Async(
        () => _platform.Operator.GetAsync($"/api/v1/accounts/{account}"),
        r => r.Body!["inForce"]!.GetValue<bool>() && r.Body["mood"]?.GetValue<string>() == mood, Long);

    private static async Task<bool> AnswersAsync(MailKit.Net.Imap.ImapClient imap)
    {
        try
        {
            await imap.NoOpAsync();
            return true;
        }
        catch (Exception e) when (e is IOException or MailKit.ProtocolException or MailKit.ServiceNotConnectedException)
        {
            return false;
        }
    }

    private string ReplicaFile => Path.Combine(_platform.Home, "mailnode", "replica.db");

    private string? Replica(string sql)
    {
        using var replica = new SqliteConnection($"Data Source={ReplicaFile};Mode=ReadWrite;Pooling=False;Default Timeout=10");
        replica.Open();
        Run("PRAGMA wal_autocheckpoint = 0"); // the agent notices writes to the file
        return Run(sql);

        string? Run(string text)
        {
            using var command = replica.CreateCommand();
#pragma warning disable CA2100 // of this class
            command.CommandText = text;
#pragma warning restore CA2100
            return command.ExecuteScalar() as string;
        }
    }
}
