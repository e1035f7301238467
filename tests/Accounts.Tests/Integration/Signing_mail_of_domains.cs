using System.Net;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Hikyaku.Accounts.Contracts;
using Hikyaku.Accounts.Nodes;
using Hikyaku.Platform;
using Hikyaku.Platform.Testing;
using MassTransit;
using Npgsql;

namespace Hikyaku.Accounts.Tests.Integration;

/// <summary>DKIM keys: what is to be published, what nodes are told, and what nobody is.</summary>
public sealed class Signing_mail_of_domains(AccountsService accounts)
{
    [Fact]
    public async Task A_new_domain_has_a_key_and_its_record_is_shown()
    {
        var domain = await accounts.DomainAsync();
        var record = Assert.Single(await RecordsAsync(accounts, domain))!;
        Assert.Matches($"^h[0-9]{{8}}a[.]_domainkey[.]{domain}$", (string)record["name"]!);
        Assert.Equal(("TXT", true), ((string)record["type"]!, (bool)record["active"]!));
        await AssertSignsAsync(accounts, domain, record);
        Assert.Equal(HttpStatusCode.NotFound, (await accounts.GetAsync("/api/v1/domains/none.example.jp/dns")).Status);
    }

    [Fact]
    public async Task A_rotated_key_signs_when_it_is_activated()
    {
        var domain = await accounts.DomainAsync();
        var first = Assert.Single(await RecordsAsync(accounts, domain))!;
        Assert.Equal(["domains.no-next-dkim-key"], (await RotateAsync(domain, activate: true)).Codes);

        var rotated = await RotateAsync(domain);
        Assert.Equal((HttpStatusCode.Accepted, $"/api/v1/domains/{domain}/dns"), (rotated.Status, rotated.Location));
        var records = await RecordsAsync(accounts, domain);
        Assert.Equal([true, false], records.Select(r => (bool)r!["active"]!));
        Assert.Equal((string)first["value"]!, (string)records[0]!["value"]!);
        await AssertSignsAsync(accounts, domain, first);
        Assert.Equal(records.ToJsonString(), (await RotateAsync(domain)).Body!["dkim"]!["expected"]!.ToJsonString());

        Assert.Equal(HttpStatusCode.Accepted, (await RotateAsync(domain, activate: true)).Status);
        var second = Assert.Single(await RecordsAsync(accounts, domain))!;
        Assert.Equal((string)records[1]!["value"]!, (string)second["value"]!);
        Assert.NotEqual((string)first["value"]!, (string)second["value"]!);
        await AssertSignsAsync(accounts, domain, second);
        Assert.Equal(1, await accounts.Get<NpgsqlDataSource>().ValueAsync<long>($"select count(*) from mt_doc_dkim_private_key where id like {domain + "/%"}", TestContext.Current.CancellationToken));
    }

    [Fact, Trait("Rule", "SPM-5")]
    public async Task Services_are_told_the_records_of_a_domain_when_they_change_and_on_request()
    {
        var told = new System.Collections.Concurrent.ConcurrentQueue<DomainRecordsTold>();
        await using var others = await Telling_others.ListenAsync(accounts.VirtualHost, e => e.Handler<DomainRecordsTold>(c =>
        {
            told.Enqueue(c.Message);
            return Task.CompletedTask;
        }));
        var domain = await accounts.DomainAsync();
        var first = await Eventually.Async(() => told.FirstOrDefault(t => t.Domain == domain), t => t is not null);
        var record = Assert.Single(await RecordsAsync(accounts, domain))!;
        Assert.Equal([new((string)record["name"]!, (string)record["value"]!, true)], first!.Dkim);
        await RotateAsync(domain);
        await Eventually.Async(() => told.Any(t => t.Domain == domain && t.Version > first.Version && t.Dkim.Select(d => d.Active).SequenceEqual([true, false])));
        told.Clear();
        await Task.Run(() => accounts.Get<IBus>().Publish(new DomainRecordsAsked("1")));
        await Eventually.Async(() => told.Any(t => t.Domain == domain && t.Dkim.Count == 2));
    }

    [Fact]
    public async Task The_private_part_is_nowhere_in_the_database_and_the_history_has_no_key()
    {
        var domain = await accounts.DomainAsync();
        await RotateAsync(domain);
        var pem = (await StateAsync(accounts, domain)).Dkim!.PrivateKey;
        var within = pem.Split('\n')[2]; // a line of the key
        var database = accounts.Get<NpgsqlDataSource>();
        foreach (var table in new[] { "mt_events", "mt_doc_domain", "mt_doc_dkim_private_key" })
        {
#pragma warning disable CA2100 // the test's own statement
            await using var command = database.CreateCommand($"select count(*) from {table} where data::text like '%' || $1 || '%'");
#pragma warning restore CA2100
            command.Parameters.Add(new() { Value = within });
            Assert.Equal(0L, await command.ExecuteScalarAsync(TestContext.Current.CancellationToken));
        }

        var history = (await accounts.GetAsync($"/api/v1/domains/{domain}/history")).Text;
        Assert.Contains("selector", history, StringComparison.Ordinal);
        Assert.DoesNotContain("MIIB", history, StringComparison.Ordinal);
    }

    [Fact, Trait("Rule", "REL-7")]
    public async Task A_domain_of_a_former_release_gets_a_key_when_the_service_starts()
    {
        await using var own = new AccountsService();
        await own.InitializeAsync();
        var domain = await own.DomainAsync();
        await own.StopAsync();
        await using (var database = NpgsqlDataSource.Create(own.Database))
        await using (var former = database.CreateCommand(
            """
            update mt_events set data = data - 'Dkim' where type = 'accounts.domain-added.v1';
            update mt_doc_domain set data = data - 'Dkim';
            delete from mt_doc_dkim_private_key;
            """)) await former.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);

        await own.StartAgainAsync();
        var record = Assert.Single(await Eventually.Async(() => RecordsAsync(own, domain), r => r.Count == 1))!;
        await AssertSignsAsync(own, domain, record);
        await own.StopAsync();
        await own.StartAgainAsync();
        Assert.Equal(record.ToJsonString(), Assert.Single(await RecordsAsync(own, domain))!.ToJsonString());
    }

    private Task<Reply> RotateAsync(string domain, bool? activate = null) => accounts.SendAsync(HttpMethod.Post, $"/api/v1/domains/{domain}/dkim/rotate", new { activate });

    private static async Task<JsonArray> RecordsAsync(AccountsService service, string domain)
        => (await service.GetAsync($"/api/v1/domains/{domain}/dns")).Body!["dkim"]!["expected"]!.AsArray();

    // What nodes are told signs what the record verifies.
    private static async Task AssertSignsAsync(AccountsService service, string domain, JsonNode record)
    {
        var key = (await StateAsync(service, domain)).Dkim!;
        Assert.Equal($"{key.Selector}._domainkey.{domain}", (string)record["name"]!);
        using var signs = RSA.Create();
        using var verifies = RSA.Create();
        signs.ImportFromPem(key.PrivateKey);
        verifies.ImportSubjectPublicKeyInfo(Convert.FromBase64String(((string)record["value"]!)["v=DKIM1; k=rsa; p=".Length..]), out _);
        byte[] data = [1, 2, 3];
        Assert.True(verifies.VerifyData(data, signs.SignData(data, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));
        Assert.Equal(1024, verifies.KeySize); // as the tests' service is told
    }

    private static async Task<DomainState> StateAsync(AccountsService service, string domain)
        => (DomainState)(await service.Get<NodeStates>().OfAsync(service.Get<NpgsqlDataSource>(), new Dictionary<string, long> { [domain] = 1 }, CancellationToken.None))[domain];
}
