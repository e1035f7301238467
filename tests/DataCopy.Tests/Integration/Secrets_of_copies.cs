using System.Net;
using Hikyaku.Accounts.Contracts;
using Hikyaku.Copier.Tests.Integration;
using Hikyaku.Platform;
using Hikyaku.Platform.Testing;
using Npgsql;

namespace Hikyaku.DataCopy.Tests.Integration;

public sealed class Secrets_of_copies(CopyPlatform platform)
{
    private readonly CopyingAccount _copy = platform.NewCopy();

    [Fact, Trait("Rule", "CPY-7"), Trait("Rule", "SEC-4")]
    public async Task The_sources_password_is_readable_nowhere_and_gone_at_the_end()
    {
        const string planted = "Planted-secret-4711";
        await using var proxy = new CuttingProxy(_copy.Source.Server.Port) { AtAnswer = "OK" };
        var started = await _copy.StartAsync(_copy.SourceBody(proxy.Port, planted));
        var id = (string)started.Body!["id"]!;
        Assert.DoesNotContain(planted, started.Text, StringComparison.Ordinal);
        await Eventually.Async(() => _copy.ReadAsync(id), c => (string)c["state"]! == "paused");
        Assert.True(await platform.AskAsync<bool>($"select exists (select from copy_work where job_id = {id})"));
        Assert.Empty(await TablesWithAsync(planted));

        proxy.Cuts = 0; // the source refuses the planted password now
        var ended = await _copy.EndedAsync(id);

        Assert.Equal("wrong-password", (string)ended["cause"]!);
        Assert.DoesNotContain(planted, ended.ToJsonString(), StringComparison.Ordinal);
        Assert.Equal(0, await platform.AskAsync<long>($"select count(*) from copy_work where job_id = {id}"));
        Assert.Empty(await TablesWithAsync(planted));
        Assert.DoesNotContain(planted, (await _copy.MailAsync()).ToString(), StringComparison.Ordinal);
        Assert.Null(Grant(await platform.ListAsync())["secretHash"]);
    }

    [Fact, Trait("Rule", "OPS-6"), Trait("Rule", "ACC-5")]
    public async Task Nothing_of_a_deleted_account_is_left_and_a_copy_that_runs_stops()
    {
        await _copy.Source.StoreAsync("INBOX", Mailbox.Message("a"));
        await _copy.RunAsync();
        await using var proxy = new CuttingProxy(_copy.Source.Server.Port) { AtAnswer = "FETCH" };
        var id = (string)(await _copy.StartAsync(_copy.SourceBody(proxy.Port))).Body!["id"]!;
        await Eventually.Async(() => _copy.ReadAsync(id), c => (string)c["state"]! == "paused");

        await platform.PublishAsync(new MailAccountDeletionStarted(
            Guid.NewGuid(), 2, 2, DateTimeOffset.UtcNow, new("admin", "admin1", "", "api", ""), _copy.Account.AccountId, "accounts-1", _copy.Account.Domain));

        await Eventually.Async(() => platform.AskAsync<bool>($"select exists (select from mt_events where stream_id = {_copy.Account.AccountId} and type = 'datacopy.copies-erased.v1')"));
        foreach (var trace in new[] { _copy.Account.Address, _copy.Notify, $"{_copy.Source.User} 127.0.0.1", $"\"{_copy.Source.User}\"" }) Assert.Empty(await TablesWithAsync(trace));
        foreach (var table in new[] { "copy_work", "copy_journal", "mail_copy" })
            Assert.Equal(0, await platform.AskAsync<long>($"select count(*) from {table:sql} where account_id = {_copy.Account.AccountId}"));
        Assert.Equal(0, await platform.AskAsync<long>($"select count(*) from job where account_id = {_copy.Account.AccountId} and finished_at is null"));
        Assert.True((bool)Grant(await platform.ListAsync())["deleted"]!);
        Assert.Equal(HttpStatusCode.NotFound, (await _copy.SendAsync(HttpMethod.Get, $"/{id}")).Status);
    }

    [Fact, Trait("Rule", "CPY-9"), Trait("Rule", "CPY-7")]
    public async Task Nodes_let_the_worker_into_one_mailbox_until_the_copy_ends()
    {
        await using var proxy = new CuttingProxy(_copy.Source.Server.Port) { AtAnswer = "FETCH" };
        await _copy.Source.StoreAsync("INBOX", Mailbox.Message("a"));
        var id = (string)(await _copy.StartAsync(_copy.SourceBody(proxy.Port))).Body!["id"]!;
        var granted = await Eventually.Async(async () => Grant(await platform.ListAsync()), g => g["secretHash"] is not null);
        Assert.StartsWith("{SSHA512}", (string)granted["secretHash"]!, StringComparison.Ordinal);
        Assert.True((DateTimeOffset)granted["expiresAt"]! > DateTimeOffset.UtcNow);
        proxy.Cuts = 0;
        await _copy.EndedAsync(id);
        var withdrawn = Grant(await platform.ListAsync());
        Assert.Null(withdrawn["secretHash"]);
        Assert.True((long)withdrawn["version"]! > (long)granted["version"]!);
    }

    private System.Text.Json.Nodes.JsonNode Grant(string list) => list.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => System.Text.Json.Nodes.JsonNode.Parse(l)!)
        .Where(l => l["part"] is not null).Select(l => l["state"]!).Single(s => (string)s["accountId"]! == _copy.Account.AccountId);

    // Every table of the service's database, all columns as text.
    private async Task<List<string>> TablesWithAsync(string text)
    {
        await using var database = NpgsqlDataSource.Create(platform.Database);
        var tables = await database.ListAsync($"select format('%I.%I', schemaname, tablename) from pg_tables where schemaname not in ('pg_catalog', 'information_schema')", row => row.GetString(0), default);
        Assert.Contains("public.mt_events", tables);
        var found = new List<string>();
        foreach (var table in tables)
        {
            if (await database.ValueAsync<bool>($"select exists (select from {table:sql} t where t::text like '%' || {text} || '%')", default)) found.Add(table);
        }

        return found;
    }
}
