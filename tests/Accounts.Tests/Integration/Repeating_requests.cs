using System.Net;
using Hikyaku.Platform.Testing;

namespace Hikyaku.Accounts.Tests.Integration;

public sealed class Repeating_requests(AccountsService accounts)
{
    [Fact, Trait("Rule", "GWY-4")]
    public async Task The_same_key_and_body_answer_the_first_answer_again()
    {
        var domain = await accounts.DomainAsync();
        var first = await CreateAsync(accounts, domain, "taro", "key-1");
        var again = await CreateAsync(accounts, domain, "taro", "key-1");
        Assert.Equal(HttpStatusCode.Created, first.Status);
        Assert.Equal((first.Status, first.Text, first.ETag, first.Location), (again.Status, again.Text, again.ETag, again.Location));
        Assert.Equal(2, (await accounts.GetAsync($"/api/v1/domains/{domain}")).Body!["accounts"]!.GetValue<int>());
    }

    [Fact, Trait("Rule", "GWY-4")]
    public async Task A_refusal_is_repeated_too()
    {
        var domain = await accounts.DomainAsync();
        var first = await CreateAsync(accounts, domain, "x", "key-2");
        Assert.Equal(HttpStatusCode.UnprocessableEntity, first.Status);
        Assert.Equal(first.Text, (await CreateAsync(accounts, domain, "x", "key-2")).Text);
    }

    [Fact, Trait("Rule", "GWY-4")]
    public async Task The_same_key_with_another_body_is_422()
    {
        var domain = await accounts.DomainAsync();
        await CreateAsync(accounts, domain, "taro", "key-3");
        var other = await CreateAsync(accounts, domain, "jiro", "key-3");
        Assert.Equal((HttpStatusCode.UnprocessableEntity, "request.idempotency-key-reused"), (other.Status, other.Codes.Single()));
    }

    [Fact, Trait("Rule", "GWY-4")]
    public async Task Ten_at_once_with_one_key_create_one_account_and_nobody_hears_a_conflict_of_names()
    {
        var domain = await accounts.DomainAsync();
        var replies = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => CreateAsync(accounts, domain, "taro", "key-4")));
        Assert.Contains(replies, r => r.Status == HttpStatusCode.Created);
        Assert.All(replies, r => Assert.True(r.Status == HttpStatusCode.Created || r.Codes is ["request.idempotency-key-in-use"], r.Text));
        Assert.Single(replies.Where(r => r.Status == HttpStatusCode.Created).Select(r => r.Text).Distinct());
    }

    [Fact, Trait("Rule", "GWY-4")]
    public async Task The_first_answer_survives_a_crash_of_the_service()
    {
        await using var own = new AccountsService();
        await own.InitializeAsync();
        var domain = await own.DomainAsync();
        var first = await CreateAsync(own, domain, "taro", "key-5");
        await own.StopAsync();
        await own.StartAgainAsync();
        var again = await CreateAsync(own, domain, "taro", "key-5");
        Assert.Equal((HttpStatusCode.Created, first.Text), (again.Status, again.Text));
    }

    [Fact, Trait("Rule", "SEC-4")]
    public async Task No_answer_that_is_kept_can_be_read_in_the_database()
    {
        await using var own = new AccountsService();
        var database = await PostgresServer.NewDatabaseAsync();
        await own.StartAsync(database, await RabbitServer.NewVirtualHostAsync(), await RabbitServer.NewVirtualHostAsync());
        await CreateAsync(own, await own.DomainAsync(), "planted-name", "key-6");
        await using var source = Npgsql.NpgsqlDataSource.Create(database);
        await using var command = source.CreateCommand("select count(*), count(*) filter (where data::text like '%planted-name%' or data::text like '%Hatsukoi%') from mt_doc_idempotency_record");
        await using var row = await command.ExecuteReaderAsync();
        Assert.True(await row.ReadAsync());
        Assert.Equal((1L, 0L), (row.GetInt64(0), row.GetInt64(1)));
    }

    private static Task<Reply> CreateAsync(AccountsService service, string domain, string name, string key)
        => service.SendAsync(HttpMethod.Post, $"/api/v1/domains/{domain}/accounts", new { name, password = AccountsService.GoodPassword }, null, ("Idempotency-Key", key));
}
