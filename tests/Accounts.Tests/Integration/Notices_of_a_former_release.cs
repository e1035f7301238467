using Hikyaku.Platform.Testing;
using Npgsql;

namespace Hikyaku.Accounts.Tests.Integration;

/// <summary>Notices that stood in the accounts service's own table come to the board beside the feed.</summary>
[Trait("Rule", "REL-7"), Trait("Rule", "NTC-1")]
public sealed class Notices_of_a_former_release : IAsyncLifetime
{
    private const string Table =
        """
        create table notice (
            id uuid primary key, at timestamptz not null, kind varchar not null, domain varchar not null, account_id varchar not null, address varchar not null, job_id varchar,
            started_by varchar, for_operators boolean not null default true, read_by text[] not null default '{}');
        """;

    private readonly AccountsWithANode _node = new();

    private AccountsService Accounts => _node.Accounts;

    public ValueTask InitializeAsync() => _node.InitializeAsync();

    public ValueTask DisposeAsync() => _node.DisposeAsync();

    [Fact]
    public async Task They_are_on_the_board_with_their_marks_and_the_table_goes()
    {
        var domain = await Accounts.DomainAsync();
        var (taro, jiro) = (await Accounts.AccountAsync(domain), await Accounts.AccountAsync(domain, "jiro"));
        foreach (var address in new[] { taro, jiro })
            await Accounts.SendAsync(HttpMethod.Post, $"/api/v1/accounts/{address}/force-password-change", new { reason = "abuse" });
        var deletion = await Accounts.SendAsync(HttpMethod.Delete, $"/api/v1/accounts/{jiro}");
        await _node.ErasedAsync((await ScalarAsync("select stream_id from mt_events where type = 'accounts.mail-account-deletion-started.v1'"))!);
        await _node.JobAsync(deletion.Location!, "succeeded");
        // Everything was published before there was a board, as by the former release, which kept these rows.
        await Eventually.Async(async () => await ScalarAsync("select ((select last_seq_id from mt_event_progression where name like 'publisher%') = (select max(seq_id) from mt_events))::text"), done => done == "true");
        await Accounts.StopAsync();
        await ScalarAsync(
            Table +
            """
            insert into notice (id, at, kind, domain, account_id, address, read_by)
                select e.id, (e.data ->> 'At')::timestamptz, 'password-forcibly-changed', 'x', e.stream_id, 'x', '{admin1}' from mt_events e where e.type = 'accounts.mail-account-password-forcibly-changed.v1';
            insert into notice (id, at, kind, domain, account_id, address, job_id, started_by, for_operators)
                select e.id, (e.data ->> 'At')::timestamptz, 'job-finished', 'x', '', '', e.stream_id, 'operator', false from mt_events e where e.type = 'accounts.job-succeeded.v1';
            """);
        await Accounts.StartAgainAsync();
        await Eventually.Async(async () => await ScalarAsync("select count(*)::text from notice"), left => left == "2"); // the one of the deleted account is told to nobody
        await using var board = await MessageBoard.StartAsync(Accounts);

        var shown = await board.ReadAsync(AccountsService.Admin(domain), "", b => b["items"]!.AsArray().Count == 2);
        var notice = shown["items"]!.AsArray().Single(i => i!["kind"]!.GetValue<string>() == "password-forcibly-changed")!;
        Assert.Equal((taro, domain, true, 1), (notice["account"]!.GetValue<string>(), notice["domain"]!.GetValue<string>(), notice["read"]!.GetValue<bool>(), shown["unread"]!.GetValue<int>()));
        Assert.Equal($"The password of {taro} was forcibly changed. Set a new one.", notice["text"]!.GetValue<string>());
        Assert.Equal($"Deletion of accounts, {domain}: 1 mail account(s) deleted.", shown["items"]![0]!["text"]!.GetValue<string>());
        Assert.All((await board.ReadAsync(AccountsService.Operator))["items"]!.AsArray(), i => Assert.False(i!["read"]!.GetValue<bool>()));

        await Eventually.Async(async () => await ScalarAsync("select count(*)::text from notice"), left => left == "0");
        await RestartAsync();
        await Eventually.Async(async () => await ScalarAsync("select coalesce(to_regclass('notice')::text, 'gone')"), table => table == "gone");
    }

    private async Task RestartAsync()
    {
        await Accounts.StopAsync();
        await Accounts.StartAgainAsync();
    }

    private async Task<string?> ScalarAsync(string sql)
    {
        await using var source = NpgsqlDataSource.Create(Accounts.Database);
#pragma warning disable CA2100 // the test's own statements
        await using var command = source.CreateCommand(sql);
#pragma warning restore CA2100
        return await command.ExecuteScalarAsync() as string;
    }
}
